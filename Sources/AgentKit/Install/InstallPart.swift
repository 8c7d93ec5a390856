internal import BootMachine

/// What a transfer or a copy is to an install: its status, and which per cent of the whole.
struct InstallPart: Hashable {
    let status: InstallStatus
    let percents: ClosedRange<Int>

    static let imaging = InstallPart(status: .imaging, percents: 10...50)
    static let extracting = InstallPart(status: .extracting, percents: 51...89)
    static let kernel = InstallPart(status: .finalizing, percents: 94...95)

    /// Of the whole, for a per cent of this part.
    func percent(_ own: Int) -> Int {
        percents.lowerBound + min(max(own, 0), 100) * (percents.upperBound - percents.lowerBound) / 100
    }
}
