// The echo as a component that serves HTTP, for `jco serve`.
let calls = 0;

addEventListener('fetch', (event) => event.respondWith(answer(event.request)));

async function answer(request) {
  calls++;
  const { message } = await request.json();
  return new Response(JSON.stringify({ message, call: calls }), {
    headers: { 'content-type': 'application/json' },
  });
}
