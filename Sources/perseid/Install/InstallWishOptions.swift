import ArgumentParser
import BootMachine

/// What is to come after an install, and where it is to stop.
struct InstallWishOptions: ParsableArguments {
    @Option(
        help: "What comes after an install: \(Afterwards.rule).",
        transform: { text in
            guard let afterwards = Afterwards(rawValue: text) else {
                throw ValidationError("`\(text)` is not \(Afterwards.rule)")
            }
            return afterwards
        })
    var then = Afterwards.reboot
    @Option(
        name: .customLong("break"),
        help: "Stop an install before this step, or these between commas. May be given several times.")
    var breakpoints: [String] = []

    func validate() throws { _ = try wishes }

    var wishes: InstallWishes {
        get throws {
            InstallWishes(afterwards: then, breakpoints: try InstallStep.list(breakpoints.joined(separator: ",")))
        }
    }
}
