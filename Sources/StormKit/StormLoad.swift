/// How nodes come: when each exchange begins.
public enum StormLoad: Hashable, Sendable {
    /// New leases at a steady pace whatever the server does (open loop); a node whose turn comes again asks anew.
    case leases(perSecond: Int, seconds: Double)
    /// Renewals of leases at a steady pace, each node asking the server that it has its lease from.
    case renewals(perSecond: Int, seconds: Double)
    /// The same by broadcast, as nodes do whose server was silent (RFC 2131, 4.4.5).
    case rebindings(perSecond: Int, seconds: Double)
    /// As many exchanges as `inFlight` allow, each begun when another ends (closed loop): what a server does flat out.
    case flatOut(inFlight: Int, seconds: Double)
    /// A power cut ends: every node sends its first DISCOVER within this time, at a moment of its own.
    case powerOn(withinSeconds: Double)

    /// Nodes that have a lease ask for more time on it.
    public var extends: Bool {
        switch self {
        case .renewals, .rebindings: true
        case .leases, .flatOut, .powerOn: false
        }
    }

    /// Exchanges in all; nil if the time decides.
    func total(nodes: Int) -> Int? {
        switch self {
        case .leases(let rate, let seconds), .renewals(let rate, let seconds), .rebindings(let rate, let seconds):
            Int((Double(rate) * seconds).rounded())
        case .flatOut: nil
        case .powerOn: nodes
        }
    }

    /// When exchange `number` of `total` begins; nanoseconds since the start.
    func start(of number: Int, of total: Int) -> Int64 {
        switch self {
        case .leases(let rate, _), .renewals(let rate, _), .rebindings(let rate, _):
            Int64(Double(number) / Double(max(1, rate)) * 1e9)
        case .flatOut: 0
        case .powerOn(let seconds):
            // Each in a slice of its own, at a place in it that looks like chance and is the same every time.
            Int64((Double(number) + Self.scatter(number)) / Double(max(1, total)) * seconds * 1e9)
        }
    }

    /// Nanoseconds for which exchanges begin.
    var length: Int64 {
        switch self {
        case .leases(_, let seconds), .renewals(_, let seconds), .rebindings(_, let seconds),
            .flatOut(_, let seconds), .powerOn(let seconds):
            Int64(seconds * 1e9)
        }
    }

    /// 0..<1, by the finaliser of SplitMix64.
    private static func scatter(_ number: Int) -> Double {
        var bits = UInt64(truncatingIfNeeded: number) &+ 0x9e37_79b9_7f4a_7c15
        bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
        return Double((bits ^ bits >> 31) >> 11) * 0x1p-53
    }
}
