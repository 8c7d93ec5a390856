import BootProtocols
import Registry
import Testing

@testable import DHCPService

@Suite("AddressPool")
struct AddressPoolTests {
    private func pool(_ last: UInt32 = 13, withheld: Set<UInt32> = [], leases: [Lease] = []) -> AddressPool {
        AddressPool(
            AddressPlan(
                ranges: [.init(addresses: IPv4Address(value: 10)...IPv4Address(value: last), section: 0)],
                sectionCount: 1, withheld: Set(withheld.map(IPv4Address.init(value:)))), leases: leases)
    }

    private func mac(_ number: UInt64) -> MACAddress { MACAddress(value: number) }

    private func lease(_ mac: UInt64, _ address: UInt32, _ expires: Int64) -> Lease {
        Lease(mac: MACAddress(value: mac), address: IPv4Address(value: address), expires: expires)
    }

    /// Offers to a machine and gives the address as a number.
    private func offer(_ pool: inout AddressPool, _ mac: UInt64, wish: UInt32? = nil, at now: Int64 = 0) -> UInt32? {
        pool.offer(
            to: MACAddress(value: mac), wish: wish.map(IPv4Address.init(value:)), from: [0], until: now + 100, at: now)?
            .value
    }

    @Test("new machines get addresses in order, past those that are withheld")
    func order() {
        var pool = pool(withheld: [11])
        #expect(offer(&pool, 1) == 10)
        #expect(offer(&pool, 2) == 12)
        #expect(offer(&pool, 1) == 10)
        #expect(offer(&pool, 3) == 13)
        #expect(offer(&pool, 4) == nil)
        #expect(pool.nextExpiry(in: [0]) == 100)
    }

    @Test("a wish is granted if the address is free")
    func wish() {
        var pool = pool(withheld: [11])
        #expect(offer(&pool, 1, wish: 13) == 13)
        #expect(offer(&pool, 2, wish: 13) == 10)
        #expect(offer(&pool, 3, wish: 11) == 12)
        #expect(offer(&pool, 1, wish: 12) == 13)
    }

    @Test("an offer that nobody takes is free again; the address that was free longest goes first")
    func expiry() {
        var pool = pool()
        for mac in [1, 2, 3, 4] as [UInt64] { #expect(offer(&pool, mac, at: Int64(mac)) != nil) }
        pool.lease(IPv4Address(value: 10), to: mac(1), until: 1000)
        #expect(offer(&pool, 5, at: 90) == nil)
        #expect(pool.nextExpiry(in: [0]) == 102)
        #expect(offer(&pool, 5, at: 150) == 11)
        #expect(offer(&pool, 6, at: 150) == 12)
        #expect(pool.address(of: mac(2)) == nil)
        #expect(offer(&pool, 2, at: 150) == 13)
        #expect(offer(&pool, 4, at: 150) == nil)
    }

    @Test("a machine gets its address back long after its lease, if nobody needed it")
    func back() {
        var pool = pool()
        #expect(offer(&pool, 1) == 10)
        pool.lease(IPv4Address(value: 10), to: mac(1), until: 100)
        #expect(offer(&pool, 2, at: 5000) == 11)
        #expect(offer(&pool, 1, at: 9000) == 10)
    }

    @Test("an offer does not shorten a lease")
    func offerOfLease() {
        var pool = pool()
        pool.lease(IPv4Address(value: 10), to: mac(1), until: 1000)
        #expect(offer(&pool, 1) == 10)
        #expect(pool.hasLease(mac(1), at: 999))
        #expect(!pool.hasLease(mac(1), at: 1000))
    }

    @Test("a released address is its machine's until another needs it")
    func release() {
        var pool = pool(10)
        pool.lease(IPv4Address(value: 10), to: mac(1), until: 1000)
        #expect(offer(&pool, 2) == nil)
        pool.release(mac(1), at: 5)
        #expect(pool.address(of: mac(1))?.value == 10)
        #expect(!pool.hasLease(mac(1), at: 5))
        #expect(offer(&pool, 2, at: 5) == 10)
        #expect(pool.address(of: mac(1)) == nil)
    }

    @Test("an address that is set aside is nobody's, not even its machine's")
    func setAside() {
        var pool = pool(11)
        pool.lease(IPv4Address(value: 10), to: mac(1), until: 1000)
        pool.setAside(mac(1), until: 500)
        #expect(!pool.isFree(IPv4Address(value: 10), for: mac(1), at: 0))
        #expect(offer(&pool, 1) == 11)
        #expect(offer(&pool, 2) == nil)
        #expect(offer(&pool, 2, at: 500) == 11)
        #expect(offer(&pool, 3, at: 500) == 10)
    }

    @Test("a machine that moves to another address leaves its old one to others")
    func moves() {
        var pool = pool(11)
        #expect(offer(&pool, 1) == 10)
        pool.lease(IPv4Address(value: 11), to: mac(1), until: 1000)
        #expect(pool.address(of: mac(1))?.value == 11)
        #expect(offer(&pool, 2) == 10)
        #expect(offer(&pool, 3) == nil)
    }

    @Test("leases of the registry hold; what is outside the pool or contradicts itself does not")
    func restored() {
        var pool = pool(
            13, withheld: [13],
            leases: [
                lease(1, 10, 1000), lease(2, 11, 50), lease(3, 9, 1000), lease(4, 13, 1000),
                // One address twice, and one machine twice: the later one counts.
                lease(5, 12, 40), lease(6, 12, 2000), lease(7, 11, 30),
            ])
        #expect(pool.address(of: mac(1))?.value == 10)
        #expect(pool.address(of: mac(2))?.value == 11)
        #expect(pool.address(of: mac(3)) == nil && pool.address(of: mac(4)) == nil)
        #expect(pool.address(of: mac(5)) == nil && pool.address(of: mac(6))?.value == 12)
        #expect(!pool.isFree(IPv4Address(value: 10), for: mac(9), at: 100))
        #expect(pool.isFree(IPv4Address(value: 11), for: mac(9), at: 100))
        #expect(offer(&pool, 9, at: 100) == 11)
        #expect(offer(&pool, 10, at: 100) == nil)
    }

    @Test("memory stays within the pool's size, however often machines renew")
    func bounded() {
        var pool = pool(19)
        for round in 0..<10_000 as Range<Int64> {
            let number = UInt64(round % 10)
            pool.lease(IPv4Address(value: 10 + UInt32(number)), to: mac(number), until: round + 5000)
        }
        #expect(pool.queued <= 2 * 10 + 64)
        #expect(offer(&pool, 99, at: 10_000) == nil)
        #expect(offer(&pool, 99, at: 14_990) == 10)
    }

    @Test("a hundred thousand machines get as many addresses")
    func many() {
        var pool = pool(200_000)
        var given: Set<UInt32> = []
        for number in 1...100_000 as ClosedRange<UInt64> {
            if let address = offer(&pool, number) { given.insert(address) }
        }
        #expect(given.count == 100_000)
    }

    @Test("no address is ever held by two machines, whatever they do")
    func consistent() {
        var pool = pool(17)
        var state: UInt64 = 7
        func next(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        for now in 0..<20_000 as Range<Int64> {
            let number = next(12)
            switch next(5) {
            case 0, 1: _ = offer(&pool, number, wish: 10 + UInt32(next(9)), at: now)
            case 2:
                if let address = pool.address(of: mac(number)), pool.isFree(address, for: mac(number), at: now) {
                    pool.lease(address, to: mac(number), until: now + Int64(next(500)))
                }
            case 3: pool.release(mac(number), at: now)
            default: if next(20) == 0 { pool.setAside(mac(number), until: now + 50) }
            }
            let held = (0..<12 as Range<UInt64>).compactMap { pool.address(of: mac($0)) }
            #expect(Set(held).count == held.count)
        }
        // Once all holds have ended, every address can be given again: none was lost.
        let given = (100..<108 as Range<UInt64>).compactMap { offer(&pool, $0, at: 1_000_000) }
        #expect(Set(given).count == 8)
    }
}
