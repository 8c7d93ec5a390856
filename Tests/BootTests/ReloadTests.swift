import Foundation
import Subprocess
import SystemPackage
import Testing

extension BootTests {
    /// The daemon takes over what its configuration file says now, and nothing else.
    @Suite struct Reload {
        @Test func takesOverWhatTheFileSays() async throws {
            try Perseid.requireRoot()
            let state = try await BootState.copy("reload")
            let namespace = "perseid-reload-\(getpid())"
            try await ip("netns", "add", namespace)
            do {
                try await inside(namespace, state)
            } catch {
                try await ip("netns", "delete", namespace)
                throw error
            }
            try await ip("netns", "delete", namespace)
        }

        private func inside(_ namespace: String, _ state: String) async throws {
            try await ip("-n", namespace, "link", "add", "wire0", "type", "veth", "peer", "name", "wire1")
            try await ip("-n", namespace, "addr", "add", "10.77.0.1/24", "dev", "wire0")
            try await ip("-n", namespace, "link", "set", "wire0", "up")
            let file = state + "/perseid.yaml"
            let base = "interface: wire0\npool: 10.77.0.10-10.77.0.19\n"
            try write(base, to: file)
            let log = state + "/serve.log"
            let descriptor = try FileDescriptor.open(
                log, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
            let result = try await Subprocess.run(
                .name("ip"),
                arguments: Arguments(
                    ["netns", "exec", namespace, "env", "--chdir=\(Perseid.checkout)", Perseid.program, "serve"]
                        + ["--state", state, "--config", file]),
                input: .none, output: .discarded, error: .fileDescriptor(descriptor, closeAfterSpawningProcess: true)
            ) { execution in
                try await expect(log, "serving 10.77.0.0/24 on wire0")
                // By the watch over the file.
                try write(base + "subnets:\n  - subnet: 10.88.0.0/24\n", to: file)
                try await expect(log, "the configuration was read again: DHCP serves 2 subnets")
                // By the signal, and although the file has not changed.
                let before = try lines(log, with: "was read again").count
                try execution.send(signal: .terminalClosed)
                try await expect(log, "was read again", atLeast: before + 1)
                try write(base + "subnets:\n  - subnet: 10.88.0.0/24\n    gateway: 10.88.0.1\n", to: file)
                try await expect(log, "perseid.yaml:5: subnets[0].gateway: is no setting here")
                try write(base + "httpPort: 81\n", to: file)
                try await expect(log, "httpPort cannot change while the server runs")
                try write(base + "reservations:\n  - {mac: 52:54:00:00:00:01, address: 10.99.0.1}\n", to: file)
                try await expect(log, "the address 10.99.0.1 is in none of the subnets that are served")
                // A node's address needs no file.
                let added = try await Perseid.run(
                    "node", "add", "n900", "--mac", "52:54:00:00:00:01", "--address", "10.88.0.9", "--state", state)
                #expect(added.succeeded, "\(added.errors)")
                try await expect(log, "the addresses of nodes have changed: DHCP serves 2 subnets, 1 reservation")
                try execution.send(signal: .terminate)
            }
            #expect(result.terminationStatus.isSuccess)
        }

        private func write(_ text: String, to file: String) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
        }

        private func lines(_ log: String, with words: String) throws -> [Substring] {
            try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").filter { $0.contains(words) }
        }

        /// Waits for a line of the log, a minute at most.
        private func expect(_ log: String, _ words: String, atLeast count: Int = 1) async throws {
            for _ in 0..<600 {
                if try lines(log, with: words).count >= count { return }
                try await Task.sleep(for: .milliseconds(100))
            }
            let text = try String(contentsOfFile: log, encoding: .utf8)
            try #require(text.contains(words), "no line `\(words)` in \(text)")
        }

        private func ip(_ words: String...) async throws {
            let result = try await Subprocess.run(
                .name("ip"), arguments: Arguments(words), output: .discarded, error: .string(limit: 4096))
            try #require(result.terminationStatus.isSuccess, "ip \(words): \(result.standardError)")
        }
    }
}
