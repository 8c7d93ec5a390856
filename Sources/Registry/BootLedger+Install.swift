public import BootMachine
public import BootProtocols

// Installs of nodes' own disks: what counts is written with the event that says so, in one transaction.

extension BootLedger {
    /// A new credential for the machine that the order of this attempt makes.
    public func issueCredential(for attempt: Attempt) -> AttemptToken {
        let token = AttemptToken(attempt: attempt.id)
        change { book in book.updateInstall(attempt.node) { $0.nextCredential = token.digest } }
        return token
    }

    /// A node's stage 1 says that it carried an order out: from then on the node boots from its disk.
    /// - Parameters:
    ///   - order: its number. An older one than the last that was asked for leaves the node with one to come.
    ///   - event: of the kind `installed`.
    /// - Returns: false for an order that was never given to this node.
    public func complete(order: Int64, capsule: String, _ event: BootEvent) -> Bool {
        guard let install = record(of: event.node)?.install, order > install.achieved, order <= install.desired else {
            return false
        }
        change { book in
            book.updateInstall(event.node) { install in
                install.achieved = order
                install.capsule = capsule
                install.installed = event.at
                install.credential = install.nextCredential ?? install.credential
                install.nextCredential = nil
            } + book.receive(event)
        }
        return true
    }

    /// An installed machine says which generation its disk has: another than that of its install after an update.
    public func setOnDisk(_ capsule: String, of node: MACAddress) {
        guard let install = record(of: node)?.install, install.isDone, install.capsule != capsule else { return }
        change { book in book.updateInstall(node) { $0.capsule = capsule } }
    }

    /// The attempt that an installed machine belongs to which shows this credential; nil for one that does not count.
    public func attempt(ofInstalled node: MACAddress, showing credential: AttemptToken, at time: Int64) -> Attempt? {
        guard let install = record(of: node)?.install else { return nil }
        let digest = credential.digest
        guard install.credential == digest || (install.isDue && install.nextCredential == digest) else { return nil }
        let state = attempt(of: node)?.state
        // A machine that boots from its disk by its own firmware's choice has asked nobody before.
        if state == nil || state == .ready || state == .silent { change { $0.beginUnseen(node, at: time) } }
        return attempt(of: node)
    }
}
