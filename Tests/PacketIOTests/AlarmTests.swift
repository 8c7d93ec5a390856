import PacketIO
import Testing

@Suite struct AlarmTests {
    /// Whether it rings before a second has passed.
    private func rings(_ alarm: borrowing Alarm) throws -> Bool {
        let poller = try Poller(waker: Waker())
        try poller.add(alarm.descriptor, token: 7)
        var tokens: [UInt64] = []
        try poller.wait(milliseconds: 1000) { token, _ in tokens.append(token) }
        return tokens == [7]
    }

    @Test("it rings from its moment on, at once where that is past, until it is silenced")
    func ringing() throws {
        var alarm = try Alarm()
        #expect(alarm.moment == nil)
        try alarm.set(monotonicMicroseconds() + 2000)
        #expect(try rings(alarm))
        #expect(try rings(alarm))
        try alarm.silence()
        #expect(alarm.moment == nil)
        #expect(try !rings(alarm))
        try alarm.set(0)
        #expect(try rings(alarm))
    }

    @Test("it does not ring before its moment, and never where it has none")
    func quiet() throws {
        var alarm = try Alarm()
        try alarm.set(monotonicMicroseconds() + 3_600_000_000)
        #expect(try !rings(alarm))
        try alarm.set(5)
        try alarm.set(nil)
        #expect(try !rings(alarm))
    }
}
