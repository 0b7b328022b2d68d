// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAnchorRegistry} from "./IAnchorRegistry.sol";

/// @title Anchor registry of one log
/// @notice See `IAnchorRegistry` for what it promises and for the hash scheme. No upgrade, no pause, no removal.
contract AnchorRegistry is IAnchorRegistry {
    /// @inheritdoc IAnchorRegistry
    bytes32 public immutable originHash;

    /// @inheritdoc IAnchorRegistry
    address public immutable admin;

    // Both are needed by every anchor, so they share one storage slot.
    uint64 private _latestSize;
    address private _publisher;

    address private _pendingPublisher;

    mapping(uint64 size => bytes32 root) private _roots;

    /// @param originHash_ SHA-256 of the UTF-8 bytes of the log's origin.
    /// @param admin_ The account that may change the publisher; zero for nobody, ever.
    /// @param publisher_ The first publisher, not zero.
    constructor(bytes32 originHash_, address admin_, address publisher_) {
        if (publisher_ == address(0)) {
            revert AnchorInvalidPublisher(publisher_);
        }

        originHash = originHash_;
        admin = admin_;
        _publisher = publisher_;
        emit PublisherTransferred(address(0), publisher_);
    }

    /// @inheritdoc IAnchorRegistry
    function anchor(uint64 size, bytes32 root) external {
        uint64 latestSize = _latestSize;
        if (msg.sender != _publisher) {
            revert AnchorUnauthorizedPublisher(msg.sender);
        }
        if (size == 0) {
            revert AnchorInvalidSize(size);
        }
        if (root == bytes32(0)) {
            revert AnchorInvalidRoot(root);
        }

        if (size > latestSize) {
            _latestSize = size;
            _roots[size] = root;
            emit Anchored(size, root, msg.sender);
            return;
        }

        bytes32 stored = _roots[size];
        if (stored == root) {
            return;
        }
        if (stored == bytes32(0)) {
            revert AnchorSizeNotLarger(size, latestSize);
        }
        revert AnchorRootMismatch(size, stored, root);
    }

    /// @inheritdoc IAnchorRegistry
    function transferPublisher(address newPublisher) external {
        if (msg.sender != admin) {
            revert AnchorUnauthorizedAdmin(msg.sender);
        }

        _pendingPublisher = newPublisher;
        emit PublisherTransferStarted(_publisher, newPublisher);
    }

    /// @inheritdoc IAnchorRegistry
    function acceptPublisher() external {
        if (msg.sender != _pendingPublisher) {
            revert AnchorUnauthorizedPendingPublisher(msg.sender);
        }

        address previous = _publisher;
        _pendingPublisher = address(0);
        _publisher = msg.sender;
        emit PublisherTransferred(previous, msg.sender);
    }

    /// @inheritdoc IAnchorRegistry
    function publisher() external view returns (address) {
        return _publisher;
    }

    /// @inheritdoc IAnchorRegistry
    function pendingPublisher() external view returns (address) {
        return _pendingPublisher;
    }

    /// @inheritdoc IAnchorRegistry
    function latest() external view returns (uint64 size, bytes32 root) {
        size = _latestSize;
        root = _roots[size];
    }

    /// @inheritdoc IAnchorRegistry
    function rootAt(uint64 size) external view returns (bytes32) {
        return _roots[size];
    }

    /// @inheritdoc IAnchorRegistry
    function verifyLeaf(bytes32 leafHash, uint64 index, uint64 size, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        bytes32 expected = _roots[size];
        if (expected == bytes32(0) || index >= size) {
            return false;
        }

        // RFC 9162 section 2.1.3.2, with its names: `fn` is the node's position on its level, `sn` the last one there.
        uint64 fn = index;
        uint64 sn = size - 1;
        bytes32 r = leafHash;
        for (uint256 i = 0; i < proof.length; ++i) {
            if (sn == 0) {
                return false;
            }

            if (fn & 1 == 1 || fn == sn) {
                r = _hashChildren(proof[i], r);
                // A last node without a right neighbour is its own parent: the next sibling is levels above.
                while (fn & 1 == 0 && fn != 0) {
                    fn >>= 1;
                    sn >>= 1;
                }
            } else {
                r = _hashChildren(r, proof[i]);
            }

            fn >>= 1;
            sn >>= 1;
        }

        return sn == 0 && r == expected;
    }

    function _hashChildren(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x01), left, right));
    }
}
