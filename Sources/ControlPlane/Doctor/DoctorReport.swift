/// What `perseid doctor` finds: `/api/v1/doctor`.
public struct DoctorReport: Codable, Hashable, Sendable {
    public var checks: [DoctorCheck]

    public init(checks: [DoctorCheck]) {
        self.checks = checks
    }

    /// Nothing keeps nodes from booting.
    public var isHealthy: Bool { !checks.contains { $0.status == .fail } }
}

/// One thing that was looked at.
public struct DoctorCheck: Codable, Hashable, Sendable {
    public enum Status: String, Codable, Hashable, Sendable {
        case ok
        /// Boots go on; somebody should look.
        case warn
        /// Boots fail.
        case fail
    }

    public var name: String
    public var status: Status
    /// What is so.
    public var text: String
    /// What to do about it; nil where it is well.
    public var advice: String?

    public init(_ name: String, _ status: Status, _ text: String, advice: String? = nil) {
        self.name = name
        self.status = status
        self.text = text
        self.advice = advice
    }
}
