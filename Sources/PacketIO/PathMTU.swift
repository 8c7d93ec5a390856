public import BootProtocols
internal import CLinux
internal import Glibc

/// The largest IP datagram in bytes that the route to `destination` takes whole: the smallest of the interface's MTU,
/// the route's own (`ip route … mtu`), and what routers on the way have told. Nil where no route leads there.
public func pathMTU(to destination: IPv4Address, from source: IPv4Address = .any) -> Int? {
    let type = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard let raw = try? systemCall("socket", "", { socket(AF_INET, type, 0) }) else { return nil }
    let probe = FileDescriptor(owning: raw)
    if source != .any { _ = withName(IPv4Endpoint(source, port: 0)) { bind(probe.raw, $0, $1) } }
    // Connecting a UDP socket sends nothing (udp(7)). The port does not matter.
    guard withName(IPv4Endpoint(destination, port: 69), { connect(probe.raw, $0, $1) }) == 0 else { return nil }
    var mtu: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(probe.raw, Int32(IPPROTO_IP), IP_MTU, &mtu, &size) == 0, mtu > 0 else { return nil }
    return Int(mtu)
}

private func withName<Result>(
    _ endpoint: IPv4Endpoint, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    withUnsafePointer(to: endpoint.kernelForm) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}
