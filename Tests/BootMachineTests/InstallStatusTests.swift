import BootMachine
import BootProtocols
import Testing

@Suite struct InstallStatusTests {
    private func event(
        _ second: Int64, _ kind: BootEvent.Kind, _ detail: String, percent: Int? = nil, bytes: Int64? = nil
    ) -> BootEvent {
        BootEvent(
            node: MACAddress(value: 1), kind: kind, at: second * 1000, bytes: bytes, percent: percent, detail: detail)
    }

    @Test func aCopyHasItsRate() throws {
        let events = [
            event(1, .progress, "partitioning: format: ext4 on /dev/vda1", percent: 8),
            event(2, .progress, "imaging: fetching small@1: 0 MB", percent: 10),
            event(3, .progress, "imaging: fetching small@1: 4 MB", percent: 20, bytes: 4_000_000),
            event(4, .progress, "imaging: fetching small@1: 8 MB", percent: 30, bytes: 8_000_000),
        ]
        let progress = try #require(InstallProgress(events))
        #expect(progress.step == "imaging")
        #expect(progress.percent == 30)
        #expect(progress.bytesPerSecond == 4_000_000)
        #expect(progress.detail == "fetching small@1: 8 MB")
        // The next copy counts from its own beginning.
        let next = events + [event(5, .progress, "extracting: extracting small@1", percent: 51)]
        #expect(InstallProgress(next)?.bytesPerSecond == nil)
        let after = next + [event(7, .progress, "extracting: 10 entries", percent: 52, bytes: 1_000)]
        #expect(InstallProgress(after)?.bytesPerSecond == 500)
        #expect(InstallProgress(next)?.step == "extracting")
    }

    @Test func aFailureSaysWhy() {
        let events = [
            event(1, .progress, "pre-install: 1 scripts", percent: 1),
            event(2, .progress, "script pre-install/10-a begins"),
        ]
        #expect(InstallProgress(events)?.step == "pre-install")
        let failed = InstallProgress(
            events + [event(3, .failed, "script: script pre-install/10-a ended with status 3")])
        #expect(failed?.step == "failed")
        #expect(failed?.detail == "script: script pre-install/10-a ended with status 3")
        #expect(failed?.at == 3_000)
    }

    @Test func theEndHasItsWords() {
        let cases: [(BootEvent.Kind, String, String)] = [
            (.installed, "installed small@1", "imaged"), (.progress, "rebooting: from its disk", "rebooting"),
            (.localBoot, "boot script for the node's own disk", "first boot"), (.ready, "small@1", "ready"),
            (.progress, "stopped: breakpoint before fetch", "stopped"), (.progress, "anything: else", "progress"),
        ]
        let updates: [(String, Int, String)] = [
            ("update: fetching small@2", 40, "updating"), ("update small@2 (7): 3 changed", 100, "updated"),
            ("update small@2 (7): failed: update: no room", 0, "not updated"),
            ("update --dry-run small@2 (7): 3 changed", 100, "ready"),
        ]
        for (detail, percent, step) in updates {
            #expect(InstallProgress([event(1, .progress, detail, percent: percent)])?.step == step)
        }
        for (kind, detail, step) in cases { #expect(InstallProgress([event(1, kind, detail)])?.step == step) }
        #expect(InstallProgress([]) == nil)
        #expect(InstallProgress([event(1, .heartbeat, "")]) == nil)
    }
}
