import Foundation
import Subprocess
import Testing

/// An installed machine of the lab, and generations of its capsule to bring it to.
struct UpdateLab {
    let state: String
    /// A root that generations are built from.
    var root: String { state + "/root" }

    /// With the small capsule's root to change.
    init(_ name: String) async throws {
        state = try await BootState.copy(name)
        try await BootState.copyRoot(of: "small@1", in: state, to: root)
    }

    /// Lines of a node script that leave commands behind: out of its process group, and so not ended with it, once they
    /// have left that.
    static func leaveBehind(_ commands: String) -> String {
        """
        setsid sh -c 'touch /run/leaving; \(commands)' &
        until [ -e /run/leaving ]; do sleep 0.1; done
        """
    }

    /// Lines of a node script that have the machine start anew when what the script belongs to is over.
    static let restart = leaveBehind("sleep 20; reboot -f")

    func perseid(_ words: String...) async throws -> Perseid.Outcome {
        try await Perseid.run(words + ["--state", state])
    }

    /// Installs a generation, and leaves the machine on for as long as `body` takes.
    func whileInstalled(
        _ generation: String, firmware: String, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        _ = try await Subprocess.run(
            .name("env"),
            arguments: Perseid.arguments([
                "lab", "boot", "--state", state, "--capsule", generation, "--provider", "disk", "--linger", "3600",
                "--firmware", firmware,
            ]),
            input: .none, output: .discarded, error: .discarded
        ) { execution in
            try await body()
            try execution.send(signal: .terminate)
        }
    }

    /// Builds the next generation out of `root`.
    func build(_ kernel: String, _ arguments: String) async throws {
        let outcome = try await perseid(
            "capsule", "build", "small", "--source", root, "--kernel", kernel, "--kernel-arguments",
            "console=ttyS0 \(arguments)")
        #expect(outcome.succeeded, Comment(rawValue: outcome.errors))
    }

    /// Waits until the machine is up, for the `count`th time more than once.
    func ready(_ generation: String, after count: Int) async throws {
        for _ in 0..<1200 {
            let starts = try console().count { $0.contains("n001 runs small@") }
            let status = try await perseid("install", "status", "n001")
            if starts > count, status.output.contains(generation), status.output.contains(" ready ") { return }
            try await Task.sleep(for: .seconds(1))
        }
        Issue.record("the machine did not get to ready with \(generation)")
        throw CancellationError()
    }

    func isAt(_ generation: String) async throws {
        let drift = try await perseid("drift", "n001")
        #expect(drift.succeeded && drift.output.contains("same"), Comment(rawValue: drift.output))
        let status = try await perseid("install", "status", "n001")
        #expect(status.output.contains(generation), Comment(rawValue: status.output))
    }

    /// What the machine has written so far, in lines.
    func console() throws -> [Substring] {
        guard let bytes = FileManager.default.contents(atPath: state + "/lab/n001.console") else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    }

    func write(_ files: [String: String], below directory: String) throws {
        for (name, text) in files {
            let url = URL(fileURLWithPath: "\(directory)/\(name)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data((text + "\n").utf8).write(to: url)
        }
    }

    /// A program of the root.
    func writeProgram(_ path: String, _ text: String) throws {
        try write([path: text], below: root)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(root)/\(path)")
    }

    /// Has the root run a program at each start.
    func runAtStart(_ program: String) throws {
        let file = root + "/etc/inittab"
        let table = try String(contentsOfFile: file, encoding: .utf8)
        try write(["etc/inittab": "::sysinit:/etc/init.d/rcS\n::wait:\(program)\n" + table], below: root)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
    }
}
