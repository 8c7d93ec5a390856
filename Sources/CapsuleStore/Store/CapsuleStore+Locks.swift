// The locks of the store, in the order in which they are taken: a capsule's name, the bundles, publication. None is
// needed to read.

extension CapsuleStore {
    /// Runs `body` while nothing else becomes visible or goes. Not to be nested.
    func whilePublishing<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
        let lock = try OpenFile.locking(layout.publishLock)
        _ = try lock.lock(waiting: true)
        let result = try body()
        withExtendedLifetime(lock) {}
        return result
    }

    /// Keeps bundles from being collected, for a build that relies on those that it found, until the lock goes.
    func holdBundles() throws(StoreError) -> OpenFile {
        let lock = try OpenFile.locking(layout.bundlesLock)
        _ = try lock.lock(waiting: true, shared: true)
        return lock
    }

    /// Runs `body` while no build relies on a bundle. Waits for those that do.
    func whileBundlesAreFree<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
        let lock = try OpenFile.locking(layout.bundlesLock)
        _ = try lock.lock(waiting: true)
        let result = try body()
        withExtendedLifetime(lock) {}
        return result
    }
}
