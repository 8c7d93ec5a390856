internal import Glibc
internal import PacketIO

/// A machine that is switched on.
public struct VirtualMachine: Sendable {
    public let configuration: MachineConfiguration
    /// When QEMU was started.
    public let powerOn: ContinuousClock.Instant
    /// The serial console: firmware, loader, kernel, stage 1, runtime OS.
    public let console: Transcript
    /// At the serial console.
    public let keyboard: Keyboard

    /// Switches a machine on, and off when `body` ends. Its console goes to `NAME.console` in `directory`, its firmware
    /// variables, empty at the start, to `NAME.vars`.
    ///
    /// If QEMU ends first, `body` is cancelled and the error says how and shows the last lines of the console.
    public static func withPower<Result: Sendable>(
        _ configuration: MachineConfiguration, directory: LabDirectory,
        _ body: @escaping @Sendable (VirtualMachine) async throws -> Result
    ) async throws -> Result {
        let variables = "\(configuration.name).vars"
        if case .firmware(let firmware) = configuration.start, let flash = firmware.flash {
            if !configuration.keepsVariables || access(directory.file(variables), F_OK) != 0 {
                try directory.copy(flash.variables, to: variables, package: firmware.package)
            }
        }
        let console = try Transcript(
            of: "the console of \(configuration.name)", log: directory.file("\(configuration.name).console"))
        let emulator = configuration.emulator
        let qemu = Program(
            emulator.name, configuration.arguments(variables: directory.file(variables)), package: emulator.package)
        let cable = configuration.hidesIPXE ? try PlainROMCable(tap: configuration.tap).start() : nil
        defer { cable?.stop() }
        let keyboard = try Keyboard()
        let powerOn = ContinuousClock.now
        return try await qemu.running(into: console, from: keyboard) {
            try await body(
                VirtualMachine(
                    configuration: configuration, powerOn: powerOn, console: console, keyboard: keyboard))
        }
    }

    /// Time from power-on to the arrival of the first console line with `text`.
    public func time(of text: String, within timeout: Duration) async throws(LabError) -> Duration {
        powerOn.duration(to: try await console.line(containing: text, within: timeout).arrival)
    }
}
