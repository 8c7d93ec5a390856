internal import Subprocess
internal import SystemPackage

/// A program of the host with its arguments, found on PATH unless its name has a slash. No shell reads the arguments.
public struct Program: Hashable, Sendable {
    public var name: String
    public var arguments: [String]
    /// The Debian package that has it, for the error where it is missing.
    public var package: String?

    public init(_ name: String, _ arguments: [String] = [], package: String? = nil) {
        self.name = name
        self.arguments = arguments
        self.package = package
    }

    /// The command as a reader would type it.
    public var commandLine: String { ([name] + arguments).joined(separator: " ") }

    /// Runs it to its end and gives what it printed on both outputs, at most 1 MiB. Any status but 0 is an error.
    @discardableResult
    public func run() async throws(LabError) -> String {
        let status: TerminationStatus
        let output: String
        do {
            let result = try await Subprocess.run(
                executable, arguments: Arguments(arguments), output: .string(limit: 1 << 20), error: .combinedWithOutput
            )
            status = result.terminationStatus
            output = result.standardOutput.trimmingLineEnds
        } catch {
            throw startFailure(error)
        }
        guard status.isSuccess else {
            throw .programFailed(command: commandLine, status: status.description, output: output)
        }
        return output
    }

    /// Runs it to its end; what it prints to its standard output is thrown away. Any status but 0 is an error.
    public func runSilently() async throws(LabError) {
        let status: TerminationStatus
        let complaints: String
        do {
            let result = try await Subprocess.run(
                executable, arguments: Arguments(arguments), output: .discarded, error: .string(limit: 1 << 20))
            status = result.terminationStatus
            complaints = result.standardError.trimmingLineEnds
        } catch {
            throw startFailure(error)
        }
        guard status.isSuccess else {
            throw .programFailed(command: commandLine, status: status.description, output: complaints)
        }
    }

    var executable: Executable { name.contains("/") ? .path(FilePath(name)) : .name(name) }

    func startFailure(_ error: any Error) -> LabError {
        if let error = error as? SubprocessError, error.code == .executableNotFound {
            return .programMissing(program: name, package: package)
        }
        return .programFailed(command: commandLine, status: "not run to its end", output: "\(error)")
    }
}

extension String {
    var trimmingLineEnds: String {
        var text = self[...]
        while text.last?.isNewline == true { text.removeLast() }
        return String(text)
    }
}
