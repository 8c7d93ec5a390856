import BootProtocols
import Subprocess

/// A program of the field's own that speaks to BMCs, run by its argument list. Secrets are in its environment or its input,
/// never among its arguments, which every user of the host can read.
struct PowerProgram: Sendable {
    var name: String
    /// The Debian package that has it.
    var package: String
    var arguments: [String]
    var variables: [String: String] = [:]
    var input = ""

    /// Longest output, in bytes.
    private static let outputLimit = 1 << 20

    struct Ending: Sendable {
        var isSuccess: Bool
        var output: String
        /// The last line of its complaints.
        var complaint: String
    }

    /// Runs it to its end, or kills it after `seconds`.
    func run(within seconds: Int) async throws(PowerProblem) -> Ending {
        let ending = await withTaskGroup(of: Result<Ending, PowerProblem>?.self) { group in
            group.addTask { await self.outcome() }
            group.addTask {
                try? await Task.sleep(for: .seconds(seconds))
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        guard let ending else { throw .late(seconds: seconds) }
        return try ending.get()
    }

    private func outcome() async -> Result<Ending, PowerProblem> {
        var updates: [Environment.Key: String?] = [
            "LC_ALL": "C", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ]
        for (name, value) in variables {
            if let key = Environment.Key(rawValue: name) { updates[key] = .some(value) }
        }
        do {
            let result = try await Subprocess.run(
                .name(name), arguments: Arguments(arguments), environment: .inherit.updating(updates),
                input: .string(input), output: .string(limit: Self.outputLimit), error: .string(limit: 1 << 16))
            let complaint = result.standardError.split(separator: "\n").last.map(String.init) ?? ""
            return .success(
                Ending(
                    isSuccess: result.terminationStatus.isSuccess, output: result.standardOutput,
                    complaint: String(printable: complaint, longest: 300)))
        } catch let error as SubprocessError where error.code == .executableNotFound {
            return .failure(.programMissing(name, package: package))
        } catch {
            return .failure(.failed("\(name) could not be run"))
        }
    }
}
