import type * as InstanceNetwork from '@bytecodealliance/preview2-shim/interfaces/wasi-sockets-instance-network';
import type * as NameLookup from '@bytecodealliance/preview2-shim/interfaces/wasi-sockets-ip-name-lookup';
import type * as CreateTcp from '@bytecodealliance/preview2-shim/interfaces/wasi-sockets-tcp-create-socket';
import type * as CreateUdp from '@bytecodealliance/preview2-shim/interfaces/wasi-sockets-udp-create-socket';
import type { CallState } from './call-state.ts';
import { CountedHandle } from './handles.ts';
import { isHost } from './sockets-address.ts';
import { ResolveAddressStream } from './sockets-lookup.ts';
import { TcpSocket } from './sockets-tcp.ts';

class Network extends CountedHandle {}
// No call is ever handed one of these.
class UdpSocket {}
class IncomingDatagramStream {}
class OutgoingDatagramStream {}

/**
 * Raw TCP to what was granted by a `tcp://` pattern, as the host judges it. Without a host to ask there are no sockets
 * and no lookups. Listening and UDP are refused whatever was granted. What is refused is `access-denied` to the guest.
 */
export function socketInterfaces({
  refusals,
  handles,
  host,
}: Pick<CallState, 'refusals' | 'handles' | 'host'>) {
  const context = host === undefined ? undefined : { refusals, handles, host };
  const refuse = (subject: string): never => {
    refusals.note('sockets', subject);
    throw 'access-denied';
  };
  return {
    'wasi:sockets/instance-network': {
      instanceNetwork: () => new Network(handles),
    } satisfies typeof InstanceNetwork,
    'wasi:sockets/network': { Network },
    'wasi:sockets/ip-name-lookup': {
      ResolveAddressStream,
      resolveAddresses: (_network, name) => {
        if (!isHost(name)) throw 'invalid-argument';
        return context === undefined ? refuse(`lookup of ${name}`) : new ResolveAddressStream(context, name);
      },
    } satisfies Record<keyof typeof NameLookup, unknown> & Pick<typeof NameLookup, 'resolveAddresses'>,
    'wasi:sockets/tcp': { TcpSocket },
    'wasi:sockets/tcp-create-socket': {
      createTcpSocket: (family) => (context === undefined ? refuse('tcp') : new TcpSocket(context, family)),
    } satisfies typeof CreateTcp,
    'wasi:sockets/udp': { UdpSocket, IncomingDatagramStream, OutgoingDatagramStream },
    'wasi:sockets/udp-create-socket': {
      createUdpSocket: (_family) => refuse('udp'),
    } satisfies typeof CreateUdp,
  };
}
