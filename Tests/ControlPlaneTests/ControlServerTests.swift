import Administration
import BootMachine
import Foundation
import Glibc
import Logging
import PowerControl
import Registry
import RegistrySQLite
import Testing

@testable import ControlPlane

/// The server on a real Unix socket, asked by the real client.
struct ControlServerTests {
    private static let lease = LeaseResource(
        address: "10.0.0.7", mac: "52:54:00:12:34:56", node: "n001", expires: 1, state: .active)
    private static let line = WatchLine(at: 5, kind: .event, mac: "52:54:00:12:34:56", node: "n001", text: "leased")

    private struct NoLayout: Error, CustomStringConvertible { let description = "there is no disk layout for it" }

    private static func source(_ store: SQLiteStore, secrets: String = "/nonexistent") -> ControlSource {
        ControlSource(
            registry: RegistryAPI(
                RegistryService(
                    store: store, ledger: nil, server: NodeSettings(), secrets: PowerSecrets(directory: secrets),
                    layout: { node, _, _ in
                        guard node != "n003" else { throw NoLayout() }
                        return "default.yaml: one disk"
                    })),
            userName: { "user \($0)" },
            health: {
                HealthResource(
                    version: "1", processID: getpid(), interface: "eth1", address: "10.0.0.1", since: 0,
                    framesWatched: 1, framesLost: 0, framesPassedOver: 0)
            },
            leases: { all in all ? [lease, lease] : [lease] }, reservations: { [] }, subnets: { [] }, captures: { [] },
            capture: { node throws(ControlProblem) in
                guard ["n001", "52:54:00:00:00:01"].contains(node) else {
                    throw .notFound("there is no node `\(node)`")
                }
                return [0xa1, 0xb2]
            },
            events: { _ throws(ControlProblem) in
                AsyncStream { continuation in
                    for _ in 0..<3 { continuation.yield(line) }
                }
            },
            packets: { _ throws(ControlProblem) in AsyncStream { $0.finish() } },
            scripts: { node throws(ControlProblem) in
                guard node == "n001" else { throw .notFound("there is no node `\(node)`") }
                return [ScriptResource(stage: "ready", name: "10-a", source: "the capsule")]
            },
            capsules: { () throws(ControlProblem) in [] },
            doctor: { DoctorReport(checks: [DoctorCheck("daemon", .ok, "it runs")]) },
            metrics: {
                var metrics = MetricsText()
                metrics.add(.gauge, "perseid_leases", "Leases that are not over.", 3)
                return metrics
            })
    }

    /// Serves for as long as `body` asks.
    private func serving(
        at path: String = "/tmp/perseid-control-\(getpid())-\(UInt32.random(in: 0...UInt32.max)).sock",
        for group: String? = nil, _ body: @Sendable (ControlClient, String) async throws -> Void
    ) async throws {
        let socket = try ControlSocket(path: path, group: group)
        try socket.prepare(for: nil)
        let registry = FileManager.default.temporaryDirectory.path + "/control-\(UUID().uuidString).sqlite"
        defer {
            for end in ["", "-wal", "-shm"] { unlink(registry + end) }
            try? FileManager.default.removeItem(atPath: path + ".secrets")
        }
        let server = ControlServer(
            at: socket, source: Self.source(try SQLiteStore(path: registry), secrets: path + ".secrets"),
            logger: Logger(label: "test"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let client = ControlClient(path: path)
            var isUp = false
            for _ in 0..<12_000 where !isUp {
                isUp = (try? await client.get("/api/v1/health")) != nil
                if !isUp { try await Task.sleep(for: .milliseconds(5)) }
            }
            if isUp { try await body(client, path) }
            #expect(isUp)
            group.cancelAll()
            while let result = await group.nextResult() {
                if case .failure(let error) = result, !(error is CancellationError) { throw error }
            }
        }
    }

    @Test("nodes are added, changed and refused over the socket; the history has the peer's name")
    func registry() async throws {
        try await serving { client, _ in
            let add = AddRequest([NodeDraft(name: "n001", mac: "52:54:00:00:00:01", fields: ["comment": "a+b c"])])
            _ = try await client.send("POST", "/api/v1/nodes", body: Array(try JSONEncoder().encode(add)))
            let change = ChangeRequest(select: ["n*"], set: ["capsule": "small@1"])
            let answer = try await client.send("PATCH", "/api/v1/nodes", body: Array(try JSONEncoder().encode(change)))
            #expect(try JSONDecoder().decode(ChangeResult.self, from: Data(answer)).count == 1)
            let table = try await client.send("GET", "/api/v1/nodes?select=capsule%3Dsmall@1&columns=name,comment")
            #expect(String(decoding: table, as: UTF8.self) == "n001\ta+b c\n")
            let history = try await client.get("/api/v1/history", as: [HistoryResource].self)
            #expect(history.map(\.author) == ["user \(geteuid())", "user \(geteuid())"])
            for (method, path, status) in [
                ("POST", "/api/v1/nodes", 409), ("GET", "/api/v1/nodes/n002", 404), ("PATCH", "/api/v1/leases", 404),
                ("PATCH", "/api/v1/nodes?x=1", 400),
            ] {
                let body = path == "/api/v1/nodes?x=1" ? Array("{}".utf8) : Array(try JSONEncoder().encode(add))
                let error = await #expect(throws: ControlClient.Failure.self) {
                    try await client.send(method, path, body: body)
                }
                guard case .refused(let got, _) = error else { continue }
                #expect(got == status)
            }
        }
    }

    @Test("installs are looked at, asked for and forgotten; the history knows who, and nothing of it is undone")
    func installs() async throws {
        try await serving { client, _ in
            let nodes = (1...3).map {
                NodeDraft(name: "n00\($0)", mac: "52:54:00:00:00:0\($0)", fields: ["capsule": "c"])
            }
            _ = try await client.send("POST", "/api/v1/nodes", body: Array(try JSONEncoder().encode(AddRequest(nodes))))
            @Sendable func ask(_ text: String, _ method: String = "POST") async throws -> ChangeResult {
                let bytes = try await client.send(method, "/api/v1/installs", body: Array(text.utf8))
                return try JSONDecoder().decode(ChangeResult.self, from: Data(bytes))
            }
            let wishes = #""then": "kexec", "break": ["loader"]"#
            let look = try await ask(#"{"select": ["n[001-002]"], \#(wishes), "options": {"dryRun": true}}"#)
            let words = "install - -> c, by default.yaml: one disk; then kexec; stops before loader"
            #expect(look.change == nil && look.items.map(\.line) == ["n001: \(words)", "n002: \(words)"])
            #expect(try await client.get("/api/v1/installs", as: [InstallResource].self).isEmpty)
            #expect(try await ask(#"{"select": ["n[001-002]"], \#(wishes)}"#).count == 2)
            let due = try await client.get("/api/v1/installs?select=n002", as: [InstallResource].self)
            #expect(due.map(\.desired) == [1] && due.first?.isDue == true && due.first?.then == "kexec")
            #expect(due.first?.break == [.loader] && due.first?.progress == nil)
            let newest = try await client.get("/api/v1/history?of=n002", as: [HistoryResource].self).first
            #expect(newest?.author == "user \(geteuid())" && newest?.items.first?.line == "n002: \(words)")
            // All or none; a circle of refusals, each with what to do.
            for (method, path, body, status, says) in [
                ("POST", "installs", #"{"select": ["n001", "n003"]}"#, 400, "n003: there is no disk layout"),
                ("POST", "installs", #"{"select": []}"#, 400, "say which nodes"),
                ("POST", "installs", #"{"select": ["n001"], "then": "dance"}"#, 400, "`dance` is not reboot"),
                ("POST", "history/\(newest?.number ?? 0)/undo", "{}", 409, "node install n001 --forget"),
                ("PATCH", "installs", "{}", 404, "there is no PATCH"),
            ] {
                do {
                    _ = try await client.send(method, "/api/v1/\(path)", body: Array(body.utf8))
                    Issue.record("\(method) \(path) \(body) went through")
                } catch ControlClient.Failure.refused(let got, let text) {
                    #expect(got == status && text.contains(says), "\(text)")
                }
            }
            #expect(try await ask(#"{"select": ["*"]}"#, "DELETE").items.map(\.name) == ["n001", "n002"])
            #expect(try await client.get("/api/v1/installs", as: [InstallResource].self).isEmpty)
        }
    }

    @Test("passwords of BMCs are kept in files that their owner alone reads, and never given out; scripts are listed")
    func secretsAndScripts() async throws {
        try await serving { client, path in
            let add = AddRequest([NodeDraft(name: "n001", mac: "52:54:00:00:00:01")])
            _ = try await client.send("POST", "/api/v1/nodes", body: Array(try JSONEncoder().encode(add)))
            let secret = Array(#"{"of": "n001", "password": "hunter2"}"#.utf8)
            let answer = String(decoding: try await client.send("POST", "/api/v1/secrets", body: secret), as: UTF8.self)
            #expect(answer == #"{"isKept":true,"of":"n001"}"#)
            let file = "\(path).secrets/node-52-54-00-00-00-01"
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            await #expect(throws: ControlClient.Failure.self) { try await client.get("/api/v1/secrets") }
            for body in [#"{"of": "n001"}"#, #"{"of": "@none", "password": "x"}"#, #"{"of": "all", "password": ""}"#] {
                await #expect(throws: ControlClient.Failure.self) {
                    try await client.send("POST", "/api/v1/secrets", body: Array(body.utf8))
                }
            }
            _ = try await client.send("DELETE", "/api/v1/secrets", body: Array(#"{"of": "n001"}"#.utf8))
            #expect(!FileManager.default.fileExists(atPath: file))
            #expect(try await client.get("/api/v1/scripts/n001", as: [ScriptResource].self).map(\.name) == ["10-a"])
            #expect(try await client.get("/api/v1/capsules", as: [CapsuleResource].self).isEmpty)
        }
    }

    @Test("resources come as JSON, a capture as bytes, streams line by line; the socket is its owner's alone")
    func resources() async throws {
        try await serving { client, path in
            #expect(try await client.get("/api/v1/leases", as: [LeaseResource].self) == [Self.lease])
            #expect(try await client.get("/api/v1/leases?all=true", as: [LeaseResource].self).count == 2)
            #expect(try await client.get("/api/v1/doctor", as: DoctorReport.self).isHealthy)
            #expect(try await client.get("/api/v1/captures/n001") == [0xa1, 0xb2])
            #expect(try await client.get("/api/v1/captures/52%3A54%3A00%3A00%3A00%3A01") == [0xa1, 0xb2])
            let metrics = String(decoding: try await client.get("/api/v1/metrics"), as: UTF8.self)
            #expect(metrics.hasSuffix("# TYPE perseid_leases gauge\nperseid_leases 3\n"))
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
            let lines = Lines()
            try await client.lines("/api/v1/events") { line in
                lines.all.append(line)
                return lines.all.count < 3
            }
            #expect(lines.all == [Self.line, Self.line, Self.line])
        }
    }

    @Test("with a group the socket is in a directory of that group's, and both are closed to all others")
    func groups() async throws {
        guard geteuid() == 0 else { return }
        let group = try Self.number(of: "daemon")
        let top = "/tmp/perseid-control-\(getpid())-group"
        defer { for path in [top + "/a/b", top + "/a", top] { rmdir(path) } }
        try await serving(at: top + "/a/b/perseid.sock", for: "daemon") { client, path in
            let leases = try await client.get("/api/v1/leases", as: [LeaseResource].self)
            #expect(leases == [Self.lease])
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o660)
            #expect(status.st_gid == group && status.st_uid == 0)
            #expect(stat(top + "/a/b", &status) == 0 && status.st_mode & 0o7777 == 0o2750)
            #expect(status.st_gid == group)
            #expect(stat(top + "/a", &status) == 0 && status.st_mode & 0o777 == 0o755)
        }
    }

    private static func number(of group: String) throws -> gid_t {
        let entry = getgrnam(group)
        return try #require(entry?.pointee.gr_gid)
    }

    private final class Lines: @unchecked Sendable {
        var all: [WatchLine] = []
    }

    @Test("what is not there is told in words, with a status of its own")
    func notFound() async throws {
        try await serving { client, _ in
            await #expect(throws: ControlClient.Failure.refused(status: 404, "there is no node `n9`")) {
                try await client.get("/api/v1/captures/n9")
            }
            await #expect(throws: ControlClient.Failure.self) { try await client.get("/api/v1/nothing") }
        }
    }

    @Test("without a daemon the client says so, and where it looked")
    func notRunning() async throws {
        await #expect(throws: ControlClient.Failure.notRunning(path: "/tmp/no/such.sock")) {
            try await ControlClient(path: "/tmp/no/such.sock").get("/api/v1/health")
        }
    }

    @Test("a path that no socket can have is refused by name, and so is a group that does not exist")
    func badPath() throws {
        let long = "/" + String(repeating: "x", count: 200)
        #expect(throws: ControlSocket.Failure.pathTooLong(long)) { try ControlSocket(path: long) }
        let socket = try ControlSocket(path: "/tmp/x.sock", group: "no-such-group")
        #expect(throws: ControlSocket.Failure.noSuchGroup("no-such-group")) { try socket.prepare(for: nil) }
    }
}
