public import BootProtocols
public import PacketIO
import Synchronization

/// Tells boot programs that ask for an IPv6 router that there is none here.
///
/// iPXE configures IPv4 and IPv6 side by side and boots when it is done with both. Where no router answers, it asks on
/// for 13 s, in the ROM and in each loader after it. The answer offers nothing (`NoRouterAdvertisement`) and goes by
/// unicast to machines that are booting; no other machine on the link sees anything of it.
public final class RouterResponder: Sendable {
    public let waker: Waker
    private let socket: PacketSocket
    private let mac: MACAddress
    private let isBooting: @Sendable (MACAddress) -> Bool
    private let report: @Sendable (String) -> Void
    private let limit = Mutex(AnswerLimit())

    /// ff02::2, all routers of the link, as Ethernet has it (RFC 2464, 7).
    private static let allRouters = MACAddress(value: 0x3333_0000_0002)
    /// Bytes of a solicitation with all its options are fewer than 100.
    private static let longestFrame = 1514
    /// Frames between two looks at `waker`: a flood must not keep the loop from its end.
    private static let turn = 64

    /// Opens the socket, which needs CAP_NET_RAW; `run` needs no privilege.
    /// - Parameters:
    ///   - isBooting: whether this machine's boot program is at work.
    ///   - report: takes a line for the log.
    public init(
        interface: NetworkInterface, isBooting: @escaping @Sendable (MACAddress) -> Bool,
        report: @escaping @Sendable (String) -> Void
    ) throws(DHCPServerError) {
        guard let mac = interface.mac, !interface.isLoopback else { throw .notEthernet(interface: interface.name) }
        do throws(SystemError) {
            socket = try PacketSocket(
                interface: interface, filter: .icmpv6(type: RouterSolicitation.type, group: Self.allRouters))
            waker = try Waker()
        } catch {
            throw error.isPermissionDenied ? .notPermitted(error) : .failed(error)
        }
        self.mac = mac
        self.isBooting = isBooting
        self.report = report
    }

    /// Answers until `waker` is asked to stop.
    public func run() {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.longestFrame, alignment: 16)
        defer { room.deallocate() }
        do throws(SystemError) {
            let poller = try Poller(waker: waker)
            try poller.add(socket.descriptor, token: 0)
            while !waker.isStopRequested {
                try poller.wait(milliseconds: nil) { _, _ in drain(room) }
            }
        } catch {
            report("router solicitations on \(socket.interface.name) are answered no more: \(error)")
        }
    }

    private func drain(_ room: UnsafeMutableRawBufferPointer) {
        do throws(SystemError) {
            for _ in 0..<Self.turn {
                guard let frame = try socket.receive(into: room) else { return }
                let bytes = Array(room.prefix(frame.count))
                guard let answer = answer(to: bytes, at: monotonicMilliseconds()) else { continue }
                try socket.send(frame: answer.span.bytes)
            }
        } catch {
            // Of the network, not of the socket: the machine asks again.
            report("a router solicitation was not answered: \(error)")
        }
    }

    /// Nil for what is no solicitation, not of a machine that boots, or one too many.
    func answer(to frame: [UInt8], at now: Int64) -> [UInt8]? {
        guard let solicitation = try? RouterSolicitation(decodingFrame: frame), isBooting(solicitation.mac),
            limit.withLock({ $0.take(solicitation.mac, at: now) })
        else { return nil }
        return NoRouterAdvertisement(answering: solicitation, from: mac).frame
    }
}
