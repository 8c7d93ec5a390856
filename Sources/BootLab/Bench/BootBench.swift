internal import BootProtocols

/// A race of boot servers from power-on to stage 1's `/init`, on the same machine with the same files, in turn.
public struct BootBench: Sendable {
    public var firmwares: [Firmware]
    public var rounds: Int
    /// What stage 1 prints first when it runs as process 1.
    public var marker: String
    /// For one boot. A slower one ends the race with an error.
    public var timeout: Duration

    public init(
        firmwares: [Firmware] = [.bios, .uefi], rounds: Int = 3, marker: String = "perseid: stage 1",
        timeout: Duration = .seconds(120)
    ) {
        self.firmwares = firmwares
        self.rounds = rounds
        self.marker = marker
        self.timeout = timeout
    }

    /// Runs all rounds on `network`, which is up. The first contender is measured against the second; more only stand
    /// in the table. Each boot starts a fresh server and a machine that it has not seen.
    public func run(
        _ contenders: [BenchContender], network: LabNetwork, directory: LabDirectory,
        progress: @escaping @Sendable (String) -> Void
    ) async throws -> BenchReport {
        var report = BenchReport(contenders: contenders.map(\.name))
        try await network.addTap(Self.tap)
        for round in 1...max(1, rounds) {
            for (number, firmware) in firmwares.enumerated() {
                for contender in contenders {
                    let mac = MACAddress(value: 0x5254_0077_0000 | UInt64(number & 0xff) << 8 | UInt64(round & 0xff))
                    let time = try await boot(mac, firmware, contender, network, directory)
                    report.add(time, firmware: firmware, contender: contender.name)
                    progress(
                        "round \(round): \(firmware.rawValue) by \(contender.name): \(BenchReport.seconds(time)) s")
                }
            }
        }
        try await network.removeTap(Self.tap)
        return report
    }

    private static let tap = "tap0"

    private func boot(
        _ mac: MACAddress, _ firmware: Firmware, _ contender: BenchContender, _ network: LabNetwork,
        _ directory: LabDirectory
    ) async throws -> Duration {
        let logs = try directory.directory(contender.name.filter { $0.isLetter })
        let machine = MachineConfiguration(
            name: "bench-\(firmware.rawValue)", start: .firmware(firmware), mac: mac, tap: Self.tap)
        let result = Measured()
        try await contender.serving(network, logs) {
            try await VirtualMachine.withPower(machine, directory: logs) { machine in
                await result.set(try await machine.time(of: marker, within: timeout))
            }
        }
        return await result.time
    }

    /// Carries the time out of the contender's closure, which gives nothing back.
    private actor Measured {
        private(set) var time = Duration.zero
        func set(_ time: Duration) { self.time = time }
    }
}
