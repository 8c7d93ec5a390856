/// What an install is at. An event of it begins with one of these words, a colon and a blank.
public enum InstallStatus: String, CaseIterable, Hashable, Sendable {
    case disks
    case preInstall = "pre-install"
    case partitioning
    case imaging
    case extracting
    case finalizing
    case postInstall = "post-install"
    case command
    /// At a breakpoint, until somebody leaves the shell on the console.
    case stopped
    case rebooting
    case shuttingDown = "shutting-down"
    case shell
    case kexec

    /// What the detail of an event begins with.
    public var mark: String { "\(rawValue): " }

    /// The status that an event tells of, if it is one of an install.
    public init?(_ event: BootEvent) {
        guard event.kind == .progress, let end = event.detail.firstIndex(of: ":"),
            let status = InstallStatus(rawValue: String(event.detail[..<end]))
        else { return nil }
        self = status
    }
}

/// How far an install is, by the events of its boot attempt.
public struct InstallProgress: Hashable, Sendable {
    /// A status of an install, or what came after it: `imaged`, `first boot`, `ready`, `failed`; else the event's kind.
    public var step: String
    /// 0...100 of the whole install.
    public var percent: Int?
    /// Bytes a second, while something is copied.
    public var bytesPerSecond: Int64?
    /// Of the newest event, in milliseconds since 1970.
    public var at: Int64
    /// The newest event's words, or why the install failed.
    public var detail: String

    /// - Parameter events: of one attempt, the oldest first.
    /// - Returns: nil for none.
    public init?(_ events: [BootEvent]) {
        // What a node says of its switch or its clock is no step.
        guard let last = events.last(where: { $0.kind != .heartbeat }) else { return nil }
        at = last.at
        detail = last.detail
        percent = events.last { $0.percent != nil }?.percent
        let status = InstallStatus(last)
        if let status {
            step = status.rawValue
            detail = String(last.detail.dropFirst(status.mark.count))
        } else {
            step = Self.word(for: last)
        }
        if status == .imaging || status == .extracting {
            bytesPerSecond = Self.rate(events.filter { InstallStatus($0) == status })
        }
    }

    private static func word(for event: BootEvent) -> String {
        switch event.kind {
        case .installed: "imaged"
        case .localBoot: "first boot"
        // Of the machine that runs, later on.
        case .progress where event.detail.hasPrefix("update: "): "updating"
        case .progress where event.detail.hasPrefix("update --dry-run "): BootEvent.Kind.ready.rawValue
        case .progress where event.detail.hasPrefix("update "): event.percent == 100 ? "updated" : "not updated"
        case .progress where event.detail.hasPrefix("script pre-install/"): InstallStatus.preInstall.rawValue
        case .progress where event.detail.hasPrefix("script post-install/"): InstallStatus.postInstall.rawValue
        default: event.kind.rawValue
        }
    }

    /// Over the last seconds of what is copied: from one event with bytes to the newest.
    private static func rate(_ events: [BootEvent]) -> Int64? {
        // The first one says that it begins.
        let counted = events.enumerated().compactMap { number, event in
            (event.bytes ?? (number == 0 ? 0 : nil)).map { (at: event.at, bytes: $0) }
        }
        guard let last = counted.last else { return nil }
        let window = counted.reversed().prefix { last.at - $0.at <= 5_000 && $0.bytes <= last.bytes }
        guard let first = window.last, last.at > first.at else { return nil }
        return (last.bytes - first.bytes) * 1000 / (last.at - first.at)
    }
}
