import type { CallState } from './call-state.ts';

class Network {}
class TcpSocket {}
class UdpSocket {}
class IncomingDatagramStream {}
class OutgoingDatagramStream {}
class ResolveAddressStream {}

/** Sockets can't be created and names can't be looked up; a tool that tries is told `access-denied`. */
export function socketInterfaces({ refusals }: Pick<CallState, 'refusals'>) {
  const network = new Network();
  const refuse = (subject: string) => (): never => {
    refusals.note('sockets', subject);
    throw 'access-denied';
  };
  return {
    'wasi:sockets/instance-network': { instanceNetwork: () => network },
    'wasi:sockets/network': { Network },
    'wasi:sockets/ip-name-lookup': {
      ResolveAddressStream,
      resolveAddresses: (_network: Network, name: string): never => refuse(`lookup of ${name}`)(),
    },
    'wasi:sockets/tcp': { TcpSocket },
    'wasi:sockets/tcp-create-socket': { createTcpSocket: refuse('tcp') },
    'wasi:sockets/udp': { UdpSocket, IncomingDatagramStream, OutgoingDatagramStream },
    'wasi:sockets/udp-create-socket': { createUdpSocket: refuse('udp') },
  };
}
