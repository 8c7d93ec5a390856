import Foundation
import Subprocess
import SystemPackage
import Testing

extension BootTests {
    /// The daemon takes over what its configuration file says now, and nothing else.
    @Suite struct Reload {
        @Test func takesOverWhatTheFileSays() async throws {
            let base = "interface: wire0\npool: 10.77.0.10-10.77.0.19\n"
            try await serving(base, "reload") { daemon in
                try await daemon.expect("serving 10.77.0.0/24 on wire0")
                // By the watch over the file.
                try daemon.write(base + "subnets:\n  - subnet: 10.88.0.0/24\n")
                try await daemon.expect("the configuration was read again: DHCP serves 2 subnets")
                // By the signal, and although the file has not changed.
                let before = try daemon.lines(with: "was read again").count
                try daemon.signal(.terminalClosed)
                try await daemon.expect("was read again", atLeast: before + 1)
                try daemon.write(base + "subnets:\n  - subnet: 10.88.0.0/24\n    gateway: 10.88.0.1\n")
                try await daemon.expect("perseid.yaml:5: subnets[0].gateway: is no setting here")
                try daemon.write(base + "httpPort: 81\n")
                try await daemon.expect("httpPort cannot change while the server runs")
                try daemon.write(base + "reservations:\n  - {mac: 52:54:00:00:00:01, address: 10.99.0.1}\n")
                try await daemon.expect("the address 10.99.0.1 is in none of the subnets that are served")
                // A node's address needs no file.
                let added = try await Perseid.run(
                    "node", "add", "n900", "--mac", "52:54:00:00:00:01", "--address", "10.88.0.9", "--state",
                    daemon.state)
                #expect(added.succeeded, "\(added.errors)")
                try await daemon.expect("the addresses of nodes have changed: DHCP serves 2 subnets, 1 reservation")
            }
        }

        /// What the proxy then answers is a test of `DHCPServerTests`.
        @Test func aProxyTakesItOverToo() async throws {
            let base = "interface: wire0\ndhcp: proxy\n"
            try await serving(base, "reload-proxy") { daemon in
                try await daemon.expect("serving 10.77.0.0/24 on wire0 from 10.77.0.1: proxy DHCP")
                try daemon.write(base + "binl: 02:53\n")
                try await daemon.expect("the configuration was read again: proxy DHCP goes by it")
                try daemon.write(base + "loader: grub\n")
                try await daemon.expect("loader cannot change while the server runs")
                try daemon.write("interface: wire0\ndhcp: server\n")
                try await daemon.expect("dhcp cannot change while the server runs")
            }
        }

        /// A daemon that runs, its file and its log.
        private struct Running {
            let state: String
            /// Sends it a signal.
            let signal: (Signal) throws -> Void

            var file: String { state + "/perseid.yaml" }
            var log: String { state + "/serve.log" }

            func write(_ text: String) throws {
                try Data(text.utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
            }

            func lines(with words: String) throws -> [Substring] {
                try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").filter { $0.contains(words) }
            }

            /// Waits for a line of the log, a minute at most.
            func expect(_ words: String, atLeast count: Int = 1) async throws {
                for _ in 0..<600 {
                    if try lines(with: words).count >= count { return }
                    try await Task.sleep(for: .milliseconds(100))
                }
                let text = try String(contentsOfFile: log, encoding: .utf8)
                try #require(text.contains(words), "no line `\(words)` in \(text)")
            }
        }

        /// Runs a daemon with this configuration on a cable of its own, until `body` is done.
        private func serving(
            _ configuration: String, _ name: String, _ body: @escaping (Running) async throws -> Void
        ) async throws {
            try Perseid.requireRoot()
            let state = try await BootState.copy(name)
            let namespace = "perseid-\(name)-\(getpid())"
            try await ip("netns", "add", namespace)
            do {
                try await inside(namespace, state, configuration, body)
            } catch {
                try await ip("netns", "delete", namespace)
                throw error
            }
            try await ip("netns", "delete", namespace)
        }

        private func inside(
            _ namespace: String, _ state: String, _ configuration: String,
            _ body: @escaping (Running) async throws -> Void
        ) async throws {
            try await ip("-n", namespace, "link", "add", "wire0", "type", "veth", "peer", "name", "wire1")
            try await ip("-n", namespace, "addr", "add", "10.77.0.1/24", "dev", "wire0")
            try await ip("-n", namespace, "link", "set", "wire0", "up")
            let file = state + "/perseid.yaml"
            try Data(configuration.utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
            let descriptor = try FileDescriptor.open(
                state + "/serve.log", .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
            let result = try await Subprocess.run(
                .name("ip"),
                arguments: Arguments(
                    ["netns", "exec", namespace, "env", "--chdir=\(Perseid.checkout)", Perseid.program, "serve"]
                        + ["--state", state, "--config", file]),
                input: .none, output: .discarded, error: .fileDescriptor(descriptor, closeAfterSpawningProcess: true)
            ) { execution in
                try await body(Running(state: state, signal: { try execution.send(signal: $0) }))
                try execution.send(signal: .terminate)
            }
            #expect(result.terminationStatus.isSuccess)
        }

        private func ip(_ words: String...) async throws {
            let result = try await Subprocess.run(
                .name("ip"), arguments: Arguments(words), output: .discarded, error: .string(limit: 4096))
            try #require(result.terminationStatus.isSuccess, "ip \(words): \(result.standardError)")
        }
    }
}
