package import Consistency

/// What the loop needs of its local store (I4): ``Store``, or one in memory.
///
/// The functions are described at ``Store``.
package protocol StateStore: AnyObject {
    /// How one thread reads many states as of one moment.
    associatedtype View: StateView = PresentView<Self>
    func view() -> View
    func withState<Result>(
        _ partition: DomainPartition, _ key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) -> Result
    ) throws(StoreError) -> Result
    func stateBytes(_ partition: DomainPartition, _ key: [UInt8]) throws(StoreError) -> [UInt8]?
    func scan(
        _ partition: DomainPartition, keysFrom prefix: [UInt8], after: [UInt8]?,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
    ) throws(StoreError)
    func find(_ entry: StateName) throws(StoreError) -> (partition: DomainPartition, key: [UInt8])?
    func changelogOffset(_ partition: DomainPartition) throws(StoreError) -> Int64?
    func latest(_ partition: DomainPartition) throws(StoreError) -> LogMark?
    func apply(_ commit: StoreCommit) throws(StoreError)
    func drop(_ partition: DomainPartition) throws(StoreError)
    func condemn()
    func close() throws(StoreError)
}

extension Store: StateStore {}

extension StateStore {
    /// A store that has no names knows whose none of them is.
    package func find(_ entry: StateName) throws(StoreError) -> (partition: DomainPartition, key: [UInt8])? { nil }

    /// A store that doesn't know trusts its offsets alone.
    package func latest(_ partition: DomainPartition) throws(StoreError) -> LogMark? { nil }

    /// Lends the states of a partition in the order of their keys; see ``Store/scan(_:keysFrom:after:_:)``.
    func scan(
        _ partition: DomainPartition, after: [UInt8]? = nil,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
    ) throws(StoreError) {
        try scan(partition, keysFrom: [], after: after, body)
    }
}
