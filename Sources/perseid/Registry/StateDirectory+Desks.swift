import Administration
import BootHTTP
import BootMachine
import CapsuleFormat
import CapsuleStore
import Registry

// What the registry's resources need of this state's other files.

extension StateDirectory {
    /// Work for running nodes.
    var workDesk: WorkDesk {
        let orders = LiveSyncOrders(directory: liveSync)
        return WorkDesk(
            choice: { [self] in choice($0, $1, $2, wanted: $3) },
            place: { try orders.place($0, for: $1) }, order: { orders.order(for: $0) },
            changes: { orders.changes(of: $0).map(String.init) }, withdraw: { orders.withdraw($0) })
    }

    private func choice(
        _ groups: GroupTree, _ server: NodeSettings, _ kind: WorkRequest.Kind, wanted: String?
    ) -> WorkDesk.Choice {
        // Once for all nodes; where it fails, each of them is told.
        let capsules = Result { try openCapsules() }
        return { record in
            let capsules = try capsules.get()
            switch kind {
            case .livesync:
                guard let wanted = wanted ?? groups.settings(of: record.node, server: server).capsule?.value else {
                    throw UpdateRefusal("no capsule is set for it, and none was named")
                }
                return "\(try capsules.resolve(CapsuleReference.validated(wanted)))"
            case .update:
                let choice = UpdateChoice(
                    to: wanted, server: server, groups: groups, capsules: capsules, excludes: updateExcludes)
                return "\(try choice.generation(for: record))"
            }
        }
    }

    /// The channels of this state's capsules.
    var channelDesk: ChannelDesk {
        ChannelDesk(
            promote: { [self] request in
                try openCapsules().promote(
                    CapsuleReference.validated(request.capsule),
                    to: CapsuleName.validatedChannel(request.channel ?? CapsuleReference.defaultChannel),
                    tested: request.tested ?? false
                ).resource
            },
            rollBack: { [self] request in
                try openCapsules().rollBack(
                    CapsuleName.validatedChannel(request.channel ?? CapsuleReference.defaultChannel),
                    of: CapsuleName.validated(request.capsule)
                ).resource
            })
    }
}

extension CapsuleStore {
    /// Points a channel at a generation, one that passed its test if that is wanted, here or by the settings.
    func promote(_ reference: CapsuleReference, to channel: CapsuleName, tested: Bool) throws -> ChannelMove {
        let generation = try resolve(reference)
        if try tested || Configuration.promotesTestedOnly() {
            let record = try testRecord(of: generation)
            guard record?.hasPassed == true else {
                throw Untested(generation: generation, hasFailed: record != nil)
            }
        }
        return try setChannel(channel, to: generation)
    }
}

extension ChannelMove {
    fileprivate var resource: ChannelResource {
        ChannelResource(channel: "\(to.name):\(channel)", from: from?.description, to: to.description)
    }
}
