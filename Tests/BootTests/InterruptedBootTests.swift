import Foundation
import Subprocess
import Testing

extension BootTests {
    /// However a boot ends, it leaves no process and no mount.
    @Suite struct Interruptions {
        @Test(arguments: [Signal.interrupt, .terminate, .kill])
        func leavesNothingBehind(signal: Signal) async throws {
            let state = try await BootState.copy("interrupted-\(signal.rawValue)")
            try Perseid.requireRoot()
            let result = try await Subprocess.run(
                .name("env"),
                // By UEFI, whose variable store is in the state directory: QEMU's command line names it.
                arguments: Perseid.arguments([
                    "lab", "boot", "--state", state, "--capsule", "small", "--firmware", "uefi",
                ]),
                input: .none, output: .discarded, error: .discarded
            ) { execution in
                let isOn = await eventually { processes(naming: state).contains { $0.contains("qemu-system") } }
                try #require(isOn, "the machine was switched on")
                try execution.send(signal: signal)
            }
            #expect(!result.terminationStatus.isSuccess)
            let isGone = await eventually { processes(naming: state).isEmpty }
            #expect(isGone, "left: \(processes(naming: state))")
            let mounts = try String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)
            #expect(!mounts.contains(state))
        }

        /// Command lines of all processes that name `path`: the inner perseid, the server, QEMU.
        private func processes(naming path: String) -> [String] {
            let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            return entries.filter { $0.allSatisfy(\.isNumber) }.compactMap { entry in
                guard let data = FileManager.default.contents(atPath: "/proc/\(entry)/cmdline") else { return nil }
                let line = String(decoding: data.map { $0 == 0 ? 32 : $0 }, as: UTF8.self)
                return line.contains(path) ? line : nil
            }
        }

        /// Asks until the answer is yes; no after a minute.
        private func eventually(_ condition: () -> Bool) async -> Bool {
            for _ in 0..<600 {
                if condition() { return true }
                try? await Task.sleep(for: .milliseconds(100))
            }
            return condition()
        }
    }
}
