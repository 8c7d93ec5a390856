/// A form in which nodes are written for other programs.
public enum NodeExport: String, CaseIterable, Sendable {
    /// hosts(5)
    case hosts
    /// ethers(5)
    case ethers
    /// c3.conf(5) of the Cluster Command and Control suite
    case c3
    /// genders(3)
    case genders
    /// ClusterShell's groups.d/*.cfg
    case clustershell
    /// `NodeName` lines of slurm.conf(5)
    case slurm
    /// An Ansible inventory in its INI form
    case ansible
    /// `dhcp-host` lines of dnsmasq
    case dnsmasq
    /// `host` declarations of ISC dhcpd
    case dhcpd
    /// Comma-separated, as `NodeListFormat.csv` reads it
    case csv

    /// What the nodes' names are set in.
    public struct Setting: Sendable {
        /// c3.conf's name for the cluster.
        public var cluster: String
        /// The host that the nodes are administrated from, for c3.conf.
        public var head: String
        public var domain: String?

        public init(cluster: String, head: String, domain: String? = nil) {
            self.cluster = cluster
            self.head = head
            self.domain = domain
        }
    }

    /// The whole text, a comment that says where it is from in its first line where the form has comments.
    public func text(of nodes: [ExportedNode], _ setting: Setting) -> String {
        let lines =
            switch self {
            case .hosts: Self.hosts(nodes, setting)
            case .ethers: nodes.flatMap { node in node.macs.map { "\($0) \(node.name)" } }
            case .c3: Self.c3(nodes, setting)
            case .genders: nodes.map { Self.genders($0) }
            case .clustershell: Self.clustershell(nodes)
            case .slurm: Self.slurm(nodes)
            case .ansible: Self.ansible(nodes)
            case .dnsmasq: nodes.compactMap { Self.dnsmasq($0) }
            case .dhcpd: nodes.flatMap { Self.dhcpd($0) }
            case .csv: Self.csv(nodes)
            }
        // Neither CSV nor c3.conf has comments everywhere.
        let head = self == .csv || self == .c3 ? [] : ["# Written by `perseid node export \(rawValue)`."]
        return (head + lines).map { $0 + "\n" }.joined()
    }
}
