import ArgumentParser
import BootLab
import Foundation

struct LiveSyncTrial: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "livesync", abstract: "Moves a running machine to updated packages, there and back again.",
        discussion: """
            Boots the older of the two capsules of `bench capsule`, which makes them, and syncs the machine to the \
            newer one, to the older one, and to the newer one again, while it runs. Needs root and QEMU.
            """)

    @OptionGroup var program: ProgramUnderTest
    @OptionGroup var agent: AgentUnderTest
    @Option(help: "Memory of the machine in MiB.")
    var memory = 4096

    /// How long the machine stays on after it is ready, in seconds; it goes off when the trial is over.
    private static let linger = 3600
    /// How long a sync may take, in seconds: the machine is emulated where there is no KVM.
    private static let patience = 600

    func run() async throws {
        let place = program.state + "/bench-capsule/state"
        try check(
            FileManager.default.fileExists(atPath: place + "/capsules/pair/generations/2"),
            "there is no \(place)/capsules/pair: `perseid-storm bench capsule --prepare-only` makes it")
        let directory = try LabDirectory(creating: place + "/lab")
        let log = try Transcript(of: "lab boot", log: directory.file("livesync.log"))
        let boot = Program(
            program.perseid,
            [
                "lab", "boot", "--state", place, "--agent", agent.path, "--capsule", "pair@1", "--memory", "\(memory)",
                "--handoff", "kexec", "--linger", "\(Self.linger)", "--timeout", "600",
            ])
        let before = try await head(place)
        try await boot.running(into: log) {
            try await ready(place, after: before)
            for generation in ["pair@2", "pair@1", "pair@2"] {
                // Status 1: something needs a reboot, as is to be expected where the C library or init changed.
                let text = try await output([
                    "capsule", "livesync", generation, "n001", "--timeout", "\(Self.patience)", "--state", place,
                ])
                say("\(generation):\n\(text)")
                try check(text.contains("n001") && !text.contains("nothing heard"), "no answer of the node")
            }
            say(try await output(["drift", "n001", "--state", place]))
            say(try await output(["timeline", "n001", "--state", place]))
        }
        say("trial livesync: three syncs went through")
    }

    /// Waits until another boot attempt than the one of `before` is ready.
    private func ready(_ place: String, after before: Substring?) async throws {
        for _ in 0..<300 {
            try await Task.sleep(for: .seconds(2))
            let head = try await head(place)
            if head != before, head?.hasSuffix("  ready  pair@1") == true { return }
        }
        throw LabError.system("the machine did not get to ready")
    }

    /// The first line of the node's timeline, which names the attempt and its state.
    private func head(_ place: String) async throws -> Substring? {
        try await output(["timeline", "n001", "--state", place]).split(separator: "\n").first
    }

    private func output(_ words: [String]) async throws -> String {
        do {
            return try await Program(program.perseid, words).run()
        } catch {
            guard case .programFailed(_, _, let text) = error else { throw error }
            return text
        }
    }
}
