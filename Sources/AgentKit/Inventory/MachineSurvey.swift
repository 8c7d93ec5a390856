internal import BootMachine
internal import BootProtocols
internal import PacketIO

/// What stage 1 finds out of its machine, as far as it has come: parts at once, switch ports when the switches have spoken.
struct MachineSurvey: ~Copyable {
    private var watch = NeighbourWatch()
    /// Cards that were switched on to see where their cables end.
    private var switchedOn: [String] = []
    private lazy var bmc = BMCAddress.find()

    init() {}

    /// What is known now.
    mutating func inventory() -> Inventory {
        _ = watch.collect()
        var inventory = Inventory.ofThisMachine()
        inventory.hardware?.bmc = bmc
        if var hardware = inventory.hardware {
            watch.add(to: &hardware)
            inventory.hardware = hardware
        }
        return inventory
    }

    /// What is known now, if the switches have said anything since the last look.
    mutating func news() -> Hardware? { watch.collect() ? inventory().hardware : nil }

    mutating func listen(on interface: NetworkInterface) { watch.listen(on: [interface]) }

    /// Switches the other cards on and listens there too: for a machine that waits anyway.
    mutating func lookAround(besides own: String?) {
        guard let all = try? NetworkInterface.all() else { return }
        let cards = all.filter {
            !$0.isLoopback && $0.mac != nil && $0.name != own && SmallFile.exists("/sys/class/net/\($0.name)/device")
        }
        for card in cards where !card.isUp {
            guard (try? InterfaceSetup.setUp(card.name, true)) != nil else { continue }
            switchedOn.append(card.name)
        }
        watch.listen(on: cards)
    }

    /// The others go back to how the kernel left them: what they are for, the runtime OS knows.
    mutating func leaveOthers() {
        for name in switchedOn { try? InterfaceSetup.setUp(name, false) }
        switchedOn = []
    }
}
