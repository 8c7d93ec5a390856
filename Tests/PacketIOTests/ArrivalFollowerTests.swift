import CLinux
import Synchronization
import Testing

@testable import PacketIO

@Suite struct ArrivalFollowerTests {
    /// The processors that the calling thread may run on.
    private static var processors: Set<Int> {
        var set = perseid_processors()
        guard perseid_get_processors(&set) == 0 else { return [] }
        var numbers: Set<Int> = []
        withUnsafeBytes(of: &set) { bytes in
            for (place, byte) in bytes.enumerated() {
                for bit in 0..<8 where byte & (1 << bit) != 0 { numbers.insert(8 * place + bit) }
            }
        }
        return numbers
    }

    /// On a thread of its own: the test's is shared.
    private func onThread(_ body: @escaping @Sendable () -> Void) throws {
        try LoopThread(name: "follower", waker: Waker(), body).join()
    }

    @Test func aMoveIsToOneProcessorAndAReleaseToAll() throws {
        let seen = Mutex<[Set<Int>]>([])
        try onThread {
            let home = Self.processors
            var follower = ArrivalFollower()
            follower.follow(.move(to: home.max() ?? 0))
            seen.withLock { $0 = [home, Self.processors] }
            follower.follow(.release)
            seen.withLock { $0.append(Self.processors) }
        }
        let (home, moved, released) = seen.withLock { ($0[0], $0[1], $0[2]) }
        #expect(!home.isEmpty)
        #expect(moved == [home.max()])
        #expect(released == home)
    }

    @Test(arguments: [-1, 8191, 8192, Int.max]) func aProcessorThatIsNotThereChangesNothing(number: Int) throws {
        let seen = Mutex<[Set<Int>]>([])
        try onThread {
            let home = Self.processors
            var follower = ArrivalFollower()
            follower.follow(.move(to: number))
            seen.withLock { $0 = [home, Self.processors] }
        }
        seen.withLock { #expect($0[0] == $0[1]) }
    }

    @Test func whatMayStartThreadsIsDoneApart() throws {
        let seen = Mutex<[Set<Int>]>([])
        try onThread {
            var follower = ArrivalFollower()
            let home = Self.processors
            follower.follow(.move(to: home.min() ?? 0))
            seen.withLock { $0 = [home] }
            follower.apart { seen.withLock { $0.append(Self.processors) } }
            seen.withLock { $0.append(Self.processors) }
        }
        seen.withLock {
            #expect($0[1] == $0[0])
            #expect($0[2] == [$0[0].min()])
        }
    }

    /// Whatever packets this machine takes in meanwhile.
    @Test func aThreadIsHeldToOneProcessorOrToNone() throws {
        let seen = Mutex<[Set<Int>]>([])
        try onThread {
            let home = Self.processors
            var follower = ArrivalFollower()
            for _ in 0..<2000 {
                follower.note(packets: 1)
                seen.withLock { $0 = [home, Self.processors] }
            }
        }
        seen.withLock { #expect($0[1] == $0[0] || $0[1].count == 1) }
    }
}
