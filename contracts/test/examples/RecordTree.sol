// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A log of event entries whose digests follow from their index, with roots and proofs by the recursive
/// definitions of RFC 6962 section 2.1.
library RecordTree {
    function digest(uint64 index) internal pure returns (bytes32) {
        return sha256(abi.encode("record", index));
    }

    function leaf(uint64 index) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x00), bytes1(0x01), bytes1(0x01), digest(index)));
    }

    function node(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x01), left, right));
    }

    /// @dev MTH of leaves [from, to).
    function root(uint64 from, uint64 to) internal pure returns (bytes32) {
        if (to - from == 1) {
            return leaf(from);
        }
        uint64 middle = from + _split(to - from);
        return node(root(from, middle), root(middle, to));
    }

    /// @dev PATH of a leaf within leaves [from, to).
    function path(uint64 index, uint64 from, uint64 to) internal pure returns (bytes32[] memory siblings) {
        if (to - from == 1) {
            return new bytes32[](0);
        }
        uint64 middle = from + _split(to - from);
        bytes32[] memory below = index < middle ? path(index, from, middle) : path(index, middle, to);
        siblings = new bytes32[](below.length + 1);
        for (uint256 i = 0; i < below.length; ++i) {
            siblings[i] = below[i];
        }
        siblings[below.length] = index < middle ? root(middle, to) : root(from, middle);
    }

    /// @dev The largest power of two below `count`, which is 2 or more.
    function _split(uint64 count) private pure returns (uint64 k) {
        k = 1;
        while (k << 1 < count) {
            k <<= 1;
        }
    }
}
