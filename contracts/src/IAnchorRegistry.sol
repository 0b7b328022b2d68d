// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Roots of one append-only log, kept for good
/// @notice One registry serves one log, named by the SHA-256 of its origin. Its publisher stores tree sizes with their
/// Merkle roots; sizes only grow, and no stored root can be changed or removed by anybody. Time is the block's.
/// @dev Hash scheme: RFC 6962 section 2.1 (RFC 9162 section 2.1.1) with SHA-256. A leaf hash is SHA-256(0x00 || entry),
/// an inner node SHA-256(0x01 || left || right). The position of a node decides its side, so libraries that sort pairs
/// cannot check these proofs.
///
/// Not checked: that a root extends the one before it. Two anchored roots that contradict each other stay readable side
/// by side, for whoever compares them with the log.
interface IAnchorRegistry {
    /// @notice A root was stored.
    /// @param size Number of leaves under the root, larger than in every earlier event.
    /// @param root RFC 6962 root over the first `size` leaves.
    /// @param publisher The account that stored it.
    event Anchored(uint64 indexed size, bytes32 indexed root, address indexed publisher);

    /// @notice The admin named the next publisher, or withdrew the name with zero. The publisher has not changed yet.
    /// @param publisher The publisher in office.
    /// @param pending The account that may accept; zero when nobody may.
    event PublisherTransferStarted(address indexed publisher, address indexed pending);

    /// @notice The publisher changed. Also emitted by the constructor, with `previous` zero.
    /// @param previous The publisher until now.
    /// @param publisher The publisher from now on.
    event PublisherTransferred(address indexed previous, address indexed publisher);

    /// @notice Only the publisher anchors.
    error AnchorUnauthorizedPublisher(address caller);

    /// @notice Only the admin names a publisher. Where the admin is zero, nobody does.
    error AnchorUnauthorizedAdmin(address caller);

    /// @notice Only the account named by the admin accepts.
    error AnchorUnauthorizedPendingPublisher(address caller);

    /// @notice The address cannot be a publisher.
    error AnchorInvalidPublisher(address publisher);

    /// @notice An empty tree is not anchored.
    error AnchorInvalidSize(uint64 size);

    /// @notice Zero stands for "no root" and is not stored.
    error AnchorInvalidRoot(bytes32 root);

    /// @notice Nothing is stored under this size, and it is below the latest one.
    error AnchorSizeNotLarger(uint64 size, uint64 latestSize);

    /// @notice Another root is stored under this size.
    error AnchorRootMismatch(uint64 size, bytes32 stored, bytes32 given);

    /// @notice Stores a root. Repeating a stored pair succeeds, changes nothing and emits nothing, so a publisher that
    /// lost the answer may send it again.
    /// @dev Publisher only. Reverts with `AnchorUnauthorizedPublisher`, `AnchorInvalidSize`, `AnchorInvalidRoot`,
    /// `AnchorSizeNotLarger` or `AnchorRootMismatch`, checked in this order.
    /// @param size Number of leaves, 1 or more, above the latest size.
    /// @param root RFC 6962 root over the first `size` leaves, not zero.
    function anchor(uint64 size, bytes32 root) external;

    /// @notice Names the account that may become publisher, in place of any named before; zero withdraws.
    /// @dev Admin only; reverts with `AnchorUnauthorizedAdmin`.
    /// @param newPublisher The account that then has to call `acceptPublisher`.
    function transferPublisher(address newPublisher) external;

    /// @notice Makes the caller the publisher, if the admin named it.
    /// @dev Reverts with `AnchorUnauthorizedPendingPublisher`.
    function acceptPublisher() external;

    /// @notice SHA-256 of the UTF-8 bytes of the log's origin.
    function originHash() external view returns (bytes32);

    /// @notice The account that may name a new publisher and nothing else; zero is nobody. Never changes.
    function admin() external view returns (address);

    /// @notice The account that may anchor; never zero.
    function publisher() external view returns (address);

    /// @notice The account that may accept to be the publisher; zero when there is none.
    function pendingPublisher() external view returns (address);

    /// @notice The largest anchored size and its root; both zero before the first anchor.
    function latest() external view returns (uint64 size, bytes32 root);

    /// @notice The root anchored under exactly this size; zero when there is none.
    function rootAt(uint64 size) external view returns (bytes32);

    /// @notice Whether a leaf is in the anchored tree of this size (RFC 9162 section 2.1.3.2).
    /// @dev Never reverts on well-formed calldata: false when no root is stored under `size`, `index` is not below
    /// `size`, the proof is longer or shorter than the path of that leaf, or the root differs. At most 64 hash steps.
    /// @param leafHash SHA-256(0x00 || entry).
    /// @param index Leaf index, from 0.
    /// @param size Tree size, one that was anchored.
    /// @param proof Sibling hashes from the leaf upward.
    function verifyLeaf(bytes32 leafHash, uint64 index, uint64 size, bytes32[] calldata proof)
        external
        view
        returns (bool);
}
