internal import BootMachine
internal import BootProtocols
internal import PacketIO

/// Listens for what switches say of their ports, on interfaces that are up. A switch says it each half minute, so the
/// sockets are opened early and looked at later.
struct NeighbourWatch: ~Copyable {
    /// A socket, which has one owner, where lists can hold it.
    private final class Ear {
        let socket: PacketSocket

        init(_ interface: NetworkInterface) throws(SystemError) {
            socket = try PacketSocket(
                interface: interface, filter: .multicast(etherType: EtherType.lldp.rawValue, group: LLDPFrame.group))
        }
    }

    private var ears: [Ear] = []
    /// What was heard, by interface.
    private(set) var heard: [String: LLDPFrame] = [:]
    /// Frames of one interface that one look takes: whoever floods it must not hold a boot up.
    private static let limit = 16

    /// Begins to listen on interfaces that it does not listen on yet. One that cannot be listened on is left out: a boot
    /// does not depend on it.
    mutating func listen(on interfaces: [NetworkInterface]) {
        for interface in interfaces where !ears.contains(where: { $0.socket.interface.name == interface.name }) {
            if let ear = try? Ear(interface) { ears.append(ear) }
        }
    }

    /// Takes what came since the last time.
    /// - Returns: whether a port was told of that was not known before.
    mutating func collect() -> Bool {
        var isNews = false
        withUnsafeTemporaryAllocation(byteCount: 2048, alignment: 16) { buffer in
            for ear in ears {
                for _ in 0..<Self.limit {
                    guard let got = try? ear.socket.receive(into: buffer) else { break }
                    guard let frame = try? LLDPFrame(decodingFrame: Array(buffer.prefix(got.count))),
                        frame.timeToLive > 0
                    else { continue }
                    isNews = isNews || heard[ear.socket.interface.name] != frame
                    heard[ear.socket.interface.name] = frame
                }
            }
        }
        return isNews
    }

    /// Puts what was heard to the interfaces that heard it.
    func add(to hardware: inout Hardware) {
        for index in hardware.interfaces.indices {
            guard let frame = heard[hardware.interfaces[index].name] else { continue }
            hardware.interfaces[index].neighbour = Hardware.Neighbour(frame)
        }
    }
}

extension Hardware.Neighbour {
    /// What people call it, where the switch says that.
    init(_ frame: LLDPFrame) {
        self.init(
            system: frame.systemName ?? frame.managementAddress?.description ?? frame.chassis, port: frame.port,
            portDescription: frame.portDescription, vlan: frame.portVLAN.map(Int.init))
    }
}
