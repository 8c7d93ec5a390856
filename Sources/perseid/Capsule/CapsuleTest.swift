import ArgumentParser
import BootLab
import BootMachine
import CapsuleFormat
import CapsuleStore
import Foundation

struct CapsuleTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Boots a generation in virtual machines, and records what came of it.",
        discussion: """
            One boot by BIOS and one by UEFI, over a network of their own, until the runtime OS reports ready. Time from \
            power-on and peak memory are recorded beside the generation, signed; `perseid capsule show` shows them, and \
            `perseid capsule promote --tested` asks for them. Ends with status 1 if a boot did not get to ready. Needs \
            root, QEMU and its firmware.

            Example: perseid capsule test compute@7 && perseid capsule promote --tested compute@7 stable
            """)

    @OptionGroup var state: StateOption
    @OptionGroup var kit: LabKit
    @Argument(help: "NAME@GENERATION, NAME:CHANNEL or NAME.")
    var capsule: String
    @Option(help: "Memory of the machine in MiB.")
    var memory = 2048
    @Option(help: "Seconds after which a machine counts as lost.")
    var timeout = 300

    func validate() throws {
        _ = try CapsuleReference.validated(capsule)
        guard (256...65_536).contains(memory) else { throw ValidationError("memory is 256 to 65536 MiB") }
        guard (1...86_400).contains(timeout) else { throw ValidationError("the time-out is 1 to 86400 s") }
    }

    func run() async throws {
        let state = try state.open()
        let store = try state.openCapsules()
        let generation = try store.resolve(CapsuleReference.validated(capsule))
        guard LabNamespace.isInside else {
            try await kit.prepare(capsule: generation.description, in: state)
            throw ExitCode(try LabNamespace.enter() ?? 0)
        }
        var results: [BootTestRecord.Result] = []
        for firmware in [Firmware.bios, .uefi] {
            say("\(generation) by \(firmware.rawValue)")
            let result = try await boot(generation, firmware, state)
            results.append(result)
        }
        try keep(results, of: generation, in: store)
    }

    private func keep(
        _ results: [BootTestRecord.Result], of generation: CapsuleGeneration, in store: CapsuleStore
    ) throws {
        let record = BootTestRecord(
            generation: generation.description, index: try store.manifest(of: generation).index.sha256,
            tested: Int64(Date().timeIntervalSince1970), memoryMiB: memory, results: results)
        try store.keep(record, of: generation)
        print(record.text, terminator: "")
        if !record.hasPassed { throw ExitCode(1) }
    }

    private func boot(
        _ generation: CapsuleGeneration, _ firmware: Firmware, _ state: StateDirectory
    ) async throws -> BootTestRecord.Result {
        let course = BootCourse(
            state: state, kit: kit, boots: [.init(firmware: firmware, capsule: generation.description)], handoff: nil,
            memoryMiB: memory, timeout: .seconds(timeout), disks: [], stopServerIn: nil)
        do {
            let timeline = try await course.run(networkIsUp: firmware != .bios).last
            return BootTestRecord.Result(
                firmware: firmware.rawValue, secondsToReady: timeline?.secondsToReady,
                peakMemoryBytes: timeline?.peakMemoryBytes)
        } catch let error as BootCourse.Failure {
            say("\(error)")
            return BootTestRecord.Result(firmware: firmware.rawValue, failure: error.step)
        }
    }
}

extension BootTestRecord {
    /// `tested 2026-11-22T17:00:00Z: passed` and a line for each boot.
    var text: String {
        let date = Date(timeIntervalSince1970: Double(tested)).ISO8601Format()
        var text = "\(generation) tested \(date), \(memoryMiB) MiB of memory: \(hasPassed ? "passed" : "FAILED")\n"
        for result in results {
            let memory = result.peakMemoryBytes.map { ", \($0 >> 20) MiB in use at the most" } ?? ""
            let course = result.secondsToReady.map { "ready in \(String(format: "%.1f", $0)) s\(memory)" }
            text += "  \(result.firmware): \(course ?? result.failure ?? "not ready")\n"
        }
        return text
    }
}
