import ArgumentParser
import BootLab
import Foundation
import StormKit

/// A state on a disk that runs full: no lease is acknowledged that cannot be stored, and all is well when there is room.
struct FullDiskTrial: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "full-disk", abstract: "Fills the disk under `perseid serve` in mid-storm, and empties it again.",
        discussion:
            "In namespaces of its own, on a tmpfs of 256 MB; needs root. The last line is `trial full-disk: passed`.")

    @OptionGroup var options: ServerUnderTest

    func run() async throws {
        if let status = try LabNamespace.enter() { throw ExitCode(status) }
        let network = StormNetwork()
        try await network.bringUp()
        let directory = try options.trialDirectory("full-disk")
        try await Program("mount", ["-t", "tmpfs", "-o", "size=256m", "tmpfs", directory.path], package: "mount").run()
        let log = directory.file("perseid.log")
        let ledger = try await options.server(["--unknown", "register"]).serving(network, directory) { _ in
            try await self.storms(network, directory, log)
        }
        try ledger.verify(registry: directory.file("state") + "/registry.sqlite")
        print("all \(ledger.addresses.count) acknowledged leases are there")
        print("trial full-disk: passed")
    }

    private func storms(_ network: StormNetwork, _ directory: LabDirectory, _ log: String) async throws -> LeaseLedger {
        var ledger = LeaseLedger()
        let before = try await wave(1, "before", network, directory, &ledger)
        try expect(before.completed == before.begun, "with room on the disk every node gets its ACK")
        let filler = directory.file("filler")
        fill(filler)
        // Both files of the journal have their blocks: they take 262,000 leases before the disk counts. A busy machine
        // gets there in many waves, as most of each goes unanswered for want of processor time.
        var full = before
        for number in 2...60 {
            full = try await wave(number, "full", network, directory, &ledger)
            if Self.isStarved(full) { break }
        }
        try expect(Self.isStarved(full), "ACKs cease when neither the journal nor the database has room")
        try expect(full.offer.p50 > 0, "offers go on")
        let text = try String(contentsOfFile: log, encoding: .utf8)
        try expect(text.contains("could not be stored"), "the log says so")
        try FileManager.default.removeItem(atPath: filler)
        // The nodes ask again as firmware does, until the server has noticed.
        let after = try await wave(61, "after", network, directory, &ledger, load: Self.patient)
        try expect(after.completed == after.begun, "with room again every node gets its ACK, without a restart")
        return ledger
    }

    /// A group that is small enough may still find the journal's last places; that its leases are there is asked of
    /// every lease at the end.
    private static func isStarved(_ report: StormReport) -> Bool { report.completed < report.begun / 100 }

    private static let patient = ["--load", "power-on", "--nodes", "5000", "--seconds", "1", "--limit", "60"]
    private static let fast = ["--load", "leases", "--rate", "15000", "--seconds", "3", "--nodes", "45000"]

    private func wave(
        _ seed: Int, _ name: String, _ network: StormNetwork, _ directory: LabDirectory, _ ledger: inout LeaseLedger,
        load: [String] = fast
    ) async throws -> StormReport {
        // Not on the disk that is full.
        let file = options.state + "/trial/acknowledged-\(seed)"
        let load = name == "before" ? Self.patient : load
        let output = try await options.storm(network, seed: seed, acknowledged: file, load).run()
        let report = try JSONDecoder().decode(StormReport.self, from: Data(output.utf8))
        _ = try ledger.add(fromFile: file)
        try FileManager.default.removeItem(atPath: file)
        print(
            "\(name): \(report.begun) exchanges begun, \(report.completed) acknowledged, \(report.givenTwice) given twice"
        )
        try expect(report.givenTwice == 0, "no address is given twice")
        return report
    }

    /// Writes until there is no room.
    private func fill(_ path: String) {
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        guard let handle = FileHandle(forWritingAtPath: path) else { return }
        defer { try? handle.close() }
        for size in [1 << 20, 4096, 1] {
            let piece = Data(count: size)
            while (try? handle.write(contentsOf: piece)) != nil {}
        }
    }

    private func expect(_ condition: Bool, _ what: String) throws {
        guard condition else { throw LabError.system("trial full-disk: it is not so that \(what)") }
    }
}
