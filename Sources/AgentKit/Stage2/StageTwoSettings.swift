package import BootMachine
package import CapsuleFormat

/// What stage 1 leaves for the agent in the runtime OS: `/run/perseid/agent.json`, which root alone can read.
package struct StageTwoSettings: Codable, Hashable, Sendable {
    package static let directory = "/run/perseid"
    package static let fileName = "agent.json"
    package static let path = "\(directory)/\(fileName)"
    package static let agentPath = "\(directory)/perseid-agent"

    package var servers: [ServerURL]
    package var token: String
    package var nodeName: String
    /// The exact generation that runs.
    package var capsule: String
    /// The one that it was booted from; another one after a sync.
    package var booted: String
    /// SHA-256 of its index in hex.
    package var content: String?
    /// Between heartbeats.
    package var intervalSeconds: Int
    /// The NIC that booted, and its lease.
    package var interface: String
    /// Nil where the installed OS has its own way to one.
    package var lease: DHCPLease?
    /// The MAC that an installed machine checks in as, with the credential of its install for a token.
    package var installedMAC: String?
    /// What stage 1 had to tell and could not.
    package var undelivered: [AgentReport]
    /// Of the stage `ready`, in the order in which they run; none once they ran.
    package var scripts: [NodeScript]

    package init(
        servers: [ServerURL], token: String, nodeName: String, capsule: String, content: String? = nil,
        intervalSeconds: Int, interface: String, lease: DHCPLease?, undelivered: [AgentReport],
        scripts: [NodeScript] = []
    ) {
        self.servers = servers
        self.token = token
        self.nodeName = nodeName
        self.capsule = capsule
        booted = capsule
        self.content = content
        self.intervalSeconds = intervalSeconds
        self.interface = interface
        self.lease = lease
        self.undelivered = undelivered
        self.scripts = scripts
    }

    /// The unit that starts the agent under systemd. In /run it needs no change of the image, and is gone with it.
    package static let systemdUnit = """
        [Unit]
        Description=Perseid node agent
        Documentation=file:\(path)

        [Service]
        ExecStart=\(agentPath) stage2
        Restart=always
        RestartSec=5

        """
}
