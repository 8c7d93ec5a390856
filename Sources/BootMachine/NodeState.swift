/// Where a node is on its way from power-on to a running system.
///
/// The state comes from what the node did or reported, never from what the server meant to do.
public enum NodeState: String, Codable, CaseIterable, Hashable, Sendable {
    /// An unknown MAC that awaits policy.
    case new
    /// Known, and not seen on the way to anything yet.
    case registered
    /// DHCP answered a boot program.
    case netboot
    /// A boot program asked for its script.
    case loader
    /// Stage 1 checked in.
    case `init`
    /// Stage 1 fetches and assembles what its plan says.
    case provisioning
    /// Stage 1 is about to hand over to the runtime OS.
    case handoff
    /// The runtime OS reported ready.
    case ready
    /// A ready node whose heartbeat stopped.
    case silent
    /// The attempt ended with a reason.
    case failed
}
