/// The boot state machine: which state an event leads to.
///
/// The table is the whole truth; a pair that is not in it is recorded and changes nothing. One rule stands
/// above the table: `discovered` leads out of every state, because a machine that was switched on again is at
/// its beginning whatever the server last heard of it.
public enum Transition {
    /// The state after `event` in `state`, or nil where the event changes nothing.
    public static func next(from state: NodeState, on event: BootEvent.Kind) -> NodeState? {
        if event == .discovered {
            return state == .new ? .new : .registered
        }
        guard let row = rows.first(where: { $0.event == event && $0.from.contains(state) }) else { return nil }
        return row.to
    }

    /// True for the event that starts a new boot attempt.
    public static func beginsAttempt(_ event: BootEvent.Kind) -> Bool { event == .discovered }

    /// How long a state may last without any event, in milliseconds; nil: for ever.
    public static func limit(of state: NodeState) -> Int64? {
        switch state {
        case .new, .registered, .silent, .failed: nil
        case .netboot, .loader: 300_000
        case .`init`, .handoff: 300_000
        case .provisioning: 600_000
        case .ready: 180_000
        }
    }

    /// What the end of `limit(of:)` is called in a state.
    public static func timeout(in state: NodeState) -> BootEvent.Kind {
        state == .ready ? .heartbeatMissed : .timedOut
    }

    private struct Row {
        let event: BootEvent.Kind
        let from: Set<NodeState>
        let to: NodeState
    }

    private static let booting: Set<NodeState> = [.netboot, .loader, .`init`, .provisioning, .handoff]

    private static let rows: [Row] = [
        // The firmware's part. A lease that the agent or the runtime OS renews is no step back to netboot.
        Row(event: .offered, from: [.new, .registered], to: .netboot),
        Row(event: .leased, from: [.new, .registered], to: .netboot),
        Row(event: .scriptSent, from: [.new, .registered, .netboot, .loader], to: .loader),
        // Stage 1. It checks in again after a kexec and after each failure.
        Row(event: .localBoot, from: [.new, .registered, .netboot, .loader], to: .handoff),
        Row(event: .checkedIn, from: booting.union([.new, .registered, .failed]), to: .`init`),
        Row(event: .progress, from: [.`init`, .provisioning], to: .provisioning),
        Row(event: .installed, from: [.`init`, .provisioning], to: .handoff),
        Row(event: .handingOff, from: [.`init`, .provisioning], to: .handoff),
        // Stage 2. A node given up as failed or silent that reports ready is ready.
        Row(event: .ready, from: [.handoff, .ready, .silent, .failed], to: .ready),
        Row(event: .heartbeat, from: [.ready, .silent], to: .ready),
        Row(event: .heartbeatMissed, from: [.ready], to: .silent),
        // The end of an attempt.
        Row(event: .failed, from: booting, to: .failed),
        Row(event: .timedOut, from: booting, to: .failed),
    ]
}
