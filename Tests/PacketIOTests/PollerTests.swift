import BootProtocols
import PacketIO
import Testing

@Test func aWakeEndsTheWaitWithoutAnEvent() throws {
    let waker = try Waker()
    let poller = try Poller(waker: waker)
    waker.wake()
    waker.wake()
    var events = 0
    try poller.wait(milliseconds: nil) { _, _ in events += 1 }
    #expect(events == 0)
    // Both wakes were taken back: the next wait runs to its end.
    let before = monotonicMilliseconds()
    try poller.wait(milliseconds: 20) { _, _ in events += 1 }
    #expect(monotonicMilliseconds() - before >= 19)
    #expect(events == 0)
}

@Test func removedDescriptorsAreSilent() throws {
    let socket = try UDPSocket(.init(address: IPv4Address(value: 0x7f00_0001), port: 0))
    let poller = try Poller(waker: Waker())
    try poller.add(socket.descriptor, token: 7)
    let payload: [UInt8] = [1]
    try socket.send(payload.span.bytes, to: socket.local)
    var tokens: [UInt64] = []
    try poller.wait(milliseconds: 5000) { token, readiness in
        tokens.append(token)
        #expect(readiness == .readable)
    }
    #expect(tokens == [7])
    try poller.remove(socket.descriptor)
    try poller.wait(milliseconds: 0) { token, _ in tokens.append(token) }
    #expect(tokens == [7])
}

@Test func theClocksRun() {
    #expect(wallMilliseconds() > 1_700_000_000_000)
    let first = monotonicMilliseconds()
    #expect(monotonicMilliseconds() >= first)
}
