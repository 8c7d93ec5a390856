import Glibc
import PacketIO
import Synchronization
import Testing

private final class Notes: Sendable {
    let text = Mutex("")
    let turns = Atomic<Int>(0)
}

@Test func aLoopRunsUntilItIsAskedToStop() throws {
    let notes = Notes()
    let waker = try Waker()
    let thread = try LoopThread(name: "turner", waker: waker) {
        guard let poller = try? Poller(waker: waker) else { return }
        while !waker.isStopRequested {
            try? poller.wait(milliseconds: nil) { _, _ in }
            notes.turns.add(1, ordering: .relaxed)
        }
    }
    while notes.turns.load(ordering: .relaxed) == 0 { waker.wake() }
    thread.stop()
    let turns = notes.turns.load(ordering: .relaxed)
    waker.wake()
    thread.join()
    #expect(notes.turns.load(ordering: .relaxed) == turns)
}

@Test func theThreadHasItsName() throws {
    let notes = Notes()
    let thread = try LoopThread(name: "perseid-tftp", waker: Waker()) {
        let file = try? FileDescriptor.open("/proc/thread-self/comm", O_RDONLY)
        let bytes = (try? file?.readAll()) ?? []
        notes.text.withLock { $0 = String(decoding: bytes, as: UTF8.self) }
    }
    thread.join()
    #expect(notes.text.withLock { $0 } == "perseid-tftp\n")
}
