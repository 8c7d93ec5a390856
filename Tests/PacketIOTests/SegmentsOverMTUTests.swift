import BootProtocols
import Glibc
import PacketIO
import Synchronization
import Testing

private final class Outcome: Sendable {
    let received = Mutex<[Int]>([])
    let failure = Mutex<String?>(nil)
}

/// Puts the calling thread into a network namespace of its own, with a loopback of `mtu` bytes.
private func enterNamespace(mtu: Int) throws {
    typealias Unshare = @convention(c) (Int32) -> Int32
    let symbol = try #require(dlsym(nil, "unshare"))
    let unshare = unsafeBitCast(symbol, to: Unshare.self)
    let newNetwork: Int32 = 0x4000_0000
    try systemCall("unshare") { unshare(newNetwork) }
    try #require(run(["ip", "link", "set", "lo", "mtu", String(mtu), "up"]) == 0)
}

/// Runs a program in the calling thread's namespace; gives its exit status.
private func run(_ words: [String]) throws -> Int32 {
    var arguments = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var pid: pid_t = 0
    let code = posix_spawnp(&pid, words[0], nil, nil, &arguments, nil)
    guard code == 0 else { throw SystemError(call: "posix_spawnp", code: code, context: words[0]) }
    var status: Int32 = 0
    try systemCall("waitpid") { waitpid(pid, &status, 0) }
    return status
}

/// Sends segments of 1472 bytes over an MTU of 1300; gives the sizes that arrive.
private func sendOverTheMTU() throws -> [Int] {
    try enterNamespace(mtu: 1300)
    let address = IPv4Address(value: 0x7f00_0001)
    let server = try UDPSocket(.init(address: address, port: 0))
    let client = try UDPSocket(.init(address: address, port: 0))
    let bytes = [UInt8](repeating: 1, count: 3 * 1472 + 100)
    #expect(try client.send(bytes.span.bytes, segmentSize: 1472, to: server.local) == bytes.count)
    var batch = ReceiveBatch(capacity: 8, datagramSize: 2048)
    _ = try server.receive(into: &batch)
    var sizes: [Int] = []
    batch.forEachDatagram { sizes.append($1.byteCount) }
    return sizes
}

/// The MTU may shrink under a transfer: then the kernel refuses the one call, and fragments each datagram.
@Test(.enabled(if: geteuid() == 0, "a network namespace needs root"))
func segmentsOverTheMTUGoOneByOne() throws {
    let outcome = Outcome()
    let thread = try LoopThread(name: "low-mtu", waker: Waker()) {
        do {
            let sizes = try sendOverTheMTU()
            outcome.received.withLock { $0 = sizes }
        } catch {
            outcome.failure.withLock { $0 = "\(error)" }
        }
    }
    thread.join()
    #expect(outcome.failure.withLock { $0 } == nil)
    #expect(outcome.received.withLock { $0 } == [1472, 1472, 1472, 100])
}
