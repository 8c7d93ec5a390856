import AgentKit
import BootMachine
import Synchronization
import Testing

@Suite struct MemoryInfoTests {
    @Test func readsTheKernelsFigures() throws {
        let info = try #require(MemoryInfo("MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:   400 kB\n"))
        #expect(info.totalBytes == 1_024_000)
        #expect(info.usedBytes == 614_400)
        #expect(MemoryInfo.now() != nil)
    }

    @Test(arguments: ["", "MemTotal: x kB\nMemAvailable: 1 kB", "MemTotal: 5 kB", "MemTotal:\nMemAvailable:"])
    func saysNothingWithoutThem(text: String) {
        #expect(MemoryInfo(text) == nil)
    }

    @Test func remembersThePeak() {
        let available = Mutex<Int64>(600)
        let watch = MemoryWatch {
            var info = MemoryInfo("MemTotal: 1 kB\nMemAvailable: 0 kB")
            info?.availableBytes = available.withLock { $0 }
            return info
        }
        #expect(watch.atStart == 424)
        for next in [Int64(100), 900] {
            available.withLock { $0 = next }
            watch.sample()
        }
        #expect(watch.peak == 924)
    }

    @Test(arguments: [("0", 1), ("0-3", 4), ("0-3,8,10-11", 7), ("", 1), ("x-y", 1), ("3-1", 1), ("0-99999999999", 1)])
    func countsProcessors(list: String, count: Int) {
        #expect(Inventory.onlineProcessors(list) == count)
    }
}
