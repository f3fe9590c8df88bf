let calls = 0;

export interface FetchAnswer {
  readonly status: number;
  readonly text: string;
  readonly call: number;
}

export async function fetchText({ url }: { readonly url: string }): Promise<FetchAnswer> {
  calls++;
  const response = await fetch(url);
  return { status: response.status, text: await response.text(), call: calls };
}
