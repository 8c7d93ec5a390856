/// How an installed machine's initramfs finds its root: `/etc/perseid/local.json` in it.
package struct LocalBoot: Codable, Hashable, Sendable {
    package static let path = "/etc/perseid/local.json"

    /// Of the root's file system.
    package var uuid: String
    /// As mount(2) and the module call it.
    package var kind: String
    package var options: String
    /// Whether arrays are to be assembled, volume groups to be activated.
    package var hasArrays: Bool
    package var hasGroups: Bool

    package init(uuid: String, kind: String, options: String, hasArrays: Bool, hasGroups: Bool) {
        self.uuid = uuid
        self.kind = kind
        self.options = options
        self.hasArrays = hasArrays
        self.hasGroups = hasGroups
    }
}

/// What an installed machine knows of itself: `/var/lib/perseid/installed.json` on its root, for root alone.
package struct InstalledMachine: Codable, Hashable, Sendable {
    package static let path = "/var/lib/perseid/installed.json"

    package var servers: [ServerURL]
    /// What it checks in with.
    package var credential: String
    package var nodeName: String
    package var mac: String
    package var capsule: String
    /// SHA-256 of its index in hex.
    package var content: String
    package var intervalSeconds: Int
    /// Whether the image has nothing that would configure the network, so that the agent does.
    package var agentHasNetwork: Bool

    package init(
        servers: [ServerURL], credential: String, nodeName: String, mac: String, capsule: String, content: String,
        intervalSeconds: Int, agentHasNetwork: Bool
    ) {
        self.servers = servers
        self.credential = credential
        self.nodeName = nodeName
        self.mac = mac
        self.capsule = capsule
        self.content = content
        self.intervalSeconds = intervalSeconds
        self.agentHasNetwork = agentHasNetwork
    }
}
