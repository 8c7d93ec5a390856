import BootProtocols
import Foundation
import Registry

/// Redfish (DMTF DSP0266) by curl(1): the power state of a ComputerSystem and its reset action (DSP0268, ComputerSystem).
struct Redfish: Sendable {
    let target: PowerTarget

    /// Seconds for one request.
    private static let limit = 20

    func status() async throws(PowerProblem) -> String {
        let system = try Self.system(try await get(try await path()))
        return system.state
    }

    func control(_ action: PowerAction) async throws(PowerProblem) {
        let path = try await path()
        let system = try Self.system(try await get(path))
        guard let kind = Self.resetType(action, allowed: system.allowed) else {
            throw .failed(
                "the BMC allows \(system.allowed.joined(separator: ", ")) and nothing for `\(action.rawValue)`")
        }
        _ = try await request(
            system.resetPath ?? "\(path)/Actions/ComputerSystem.Reset", body: #"{"ResetType":"\#(kind)"}"#)
    }

    /// What Redfish calls it (DSP0268, ResetType): the first that the BMC allows; it need not say what that is.
    static func resetType(_ action: PowerAction, allowed: [String]) -> String? {
        let wanted: [String] =
            switch action {
            case .status: []
            case .on: ["On", "ForceOn"]
            case .off: ["ForceOff"]
            case .shutdown: ["GracefulShutdown"]
            case .cycle: ["PowerCycle", "ForceRestart"]
            case .reset: ["ForceRestart", "GracefulRestart"]
            }
        return allowed.isEmpty ? wanted.first : wanted.first(where: allowed.contains)
    }

    /// What matters of a ComputerSystem.
    struct System: Equatable {
        var state: String
        var resetPath: String?
        var allowed: [String]
    }

    static func system(_ bytes: String) throws(PowerProblem) -> System {
        let object = try object(bytes)
        guard let state = object["PowerState"] as? String else { throw .badAnswer("it names no PowerState") }
        let actions = object["Actions"] as? [String: Any]
        let reset = actions?["#ComputerSystem.Reset"] as? [String: Any]
        let path = (reset?["target"] as? String).flatMap { BMCAddress.isPath($0) ? $0 : nil }
        let allowed = reset?["ResetType@Redfish.AllowableValues"] as? [String] ?? []
        return System(
            state: String(printable: state, longest: 30).lowercased(), resetPath: path,
            allowed: allowed.prefix(32).map { String(printable: $0, longest: 40) })
    }

    /// The one system that there is.
    static func onlyMember(_ bytes: String) throws(PowerProblem) -> String {
        let members = try object(bytes)["Members"] as? [[String: Any]] ?? []
        let paths = members.prefix(64).compactMap { $0["@odata.id"] as? String }.filter { BMCAddress.isPath($0) }
        guard let path = paths.first else { throw .badAnswer("it has no system") }
        guard paths.count == 1 else {
            throw .failed("the BMC has \(paths.count) systems; say which in the node's `bmc`: HOST\(path)")
        }
        return path
    }

    private static func object(_ text: String) throws(PowerProblem) -> [String: Any] {
        guard let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] else {
            throw .badAnswer(String(printable: text, longest: 100))
        }
        return object
    }

    private func path() async throws(PowerProblem) -> String {
        if let path = target.address.path { return path }
        return try Self.onlyMember(try await get("/redfish/v1/Systems"))
    }

    private func get(_ path: String) async throws(PowerProblem) -> String { try await request(path, body: nil) }

    private func request(_ path: String, body: String?) async throws(PowerProblem) -> String {
        let ending = try await Self.program(target, path, body: body, limit: Self.limit).run(within: Self.limit + 2)
        guard ending.isSuccess else {
            throw .failed(ending.complaint.isEmpty ? "curl failed without a word" : ending.complaint)
        }
        guard let end = ending.output.lastIndex(of: "\n"), let status = Int(ending.output[end...].dropFirst()) else {
            throw .badAnswer("no status")
        }
        let answer = String(ending.output[..<end])
        guard (200...299).contains(status) else { throw .failed(Self.refusal(status, answer)) }
        return answer
    }

    /// The BMC's own words, where it has some (DSP0266, error responses).
    static func refusal(_ status: Int, _ answer: String) -> String {
        if status == 401 { return "the BMC does not take this user and password (HTTP status 401)" }
        let error = (try? object(answer))?["error"] as? [String: Any]
        let text = error?["message"] as? String
        return "the BMC answers with HTTP status \(status)"
            + (text.map { ": \(String(printable: $0, longest: 200))" } ?? "")
    }

    /// All that is to be said stands in curl's input: the arguments of a program are no secret.
    static func program(_ target: PowerTarget, _ path: String, body: String?, limit: Int) -> PowerProgram {
        let isPlain = target.method == .redfishPlain
        let scheme = isPlain ? "http" : "https"
        let port = target.address.port.map { ":\($0)" } ?? ""
        var lines = [
            "url = \(quoted("\(scheme)://\(target.address.host)\(port)\(path)"))",
            "user = \(quoted("\(target.user):\(target.secret.text)"))", "proto = \(quoted("=\(scheme)"))",
            "noproxy = \"*\"", "silent", "show-error", "max-time = \(limit)", "connect-timeout = 5",
            "header = \"Accept: application/json\"", #"write-out = "\n%{http_code}""#,
        ]
        if target.method == .redfishUnverified { lines.append("insecure") }
        if let body { lines += ["header = \"Content-Type: application/json\"", "data = \(quoted(body))"] }
        return PowerProgram(
            name: "curl", package: "curl", arguments: ["--disable", "--config", "-"],
            input: lines.joined(separator: "\n") + "\n")
    }

    /// As curl's configuration has it (curl(1), --config): backslash and quote are marked.
    static func quoted(_ text: String) -> String {
        "\"" + text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"") + "\""
    }
}
