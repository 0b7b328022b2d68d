// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AnchorRegistry} from "../src/AnchorRegistry.sol";
import {VM} from "./Vm.sol";

contract InclusionProofsTest {
    /// @dev Members in the order of `CASE_TYPE`; format and leaf rule are in fixtures/README.md.
    struct Case {
        uint64 size;
        bytes32 root;
        uint64 index;
        bytes32 leafHash;
        bytes32[] proof;
    }

    string private constant FIXTURE = "test/fixtures/inclusion-proofs.json";
    string private constant CASE_TYPE = "Case(uint64 size,bytes32 root,uint64 index,bytes32 leafHash,bytes32[] proof)";

    AnchorRegistry private _registry;
    Case[] private _cases;

    function setUp() public {
        _registry = new AnchorRegistry(bytes32(uint256(1)), address(0), address(this));

        Case[] memory cases = abi.decode(VM.parseJsonTypeArray(VM.readFile(FIXTURE), ".cases", CASE_TYPE), (Case[]));
        for (uint256 i = 0; i < cases.length; ++i) {
            _cases.push(cases[i]);
            // Sizes ascend; another root under the same size would revert here.
            _registry.anchor(cases[i].size, cases[i].root);
        }
    }

    // ---- proofs made elsewhere

    function test_Fixture_CoversEveryLeafOfTheSmallTrees() public {
        uint256 position = 0;
        for (uint64 size = 1; size <= 20; ++size) {
            for (uint64 index = 0; index < size; ++index) {
                VM.assertEq(_cases[position].size, size, "size");
                VM.assertEq(_cases[position].index, index, "index");
                ++position;
            }
        }
        VM.assertTrue(_cases.length > position, "larger trees too");
    }

    function test_Fixture_LeavesAndRootsFollowTheRule() public {
        for (uint256 i = 0; i < _cases.length; ++i) {
            VM.assertEq(_cases[i].leafHash, _leaf(_cases[i].index), "leaf");
            // Building a tree is slow, so once for each size.
            if (i == 0 || _cases[i].size != _cases[i - 1].size) {
                VM.assertEq(_cases[i].root, _root(0, _cases[i].size), "root");
            }
        }
    }

    function test_VerifyLeaf_AcceptsEveryProof() public {
        for (uint256 i = 0; i < _cases.length; ++i) {
            VM.assertTrue(_verify(_cases[i]), "valid proof");
        }
    }

    function test_VerifyLeaf_RefusesAnotherLeaf() public {
        for (uint256 i = 0; i < _cases.length; ++i) {
            Case memory c = _cases[i];
            c.leafHash ^= bytes32(uint256(1) << (i % 256));
            VM.assertFalse(_verify(c), "leaf");
        }
    }

    function test_VerifyLeaf_RefusesEveryOtherIndex() public {
        for (uint256 i = 0; i < _cases.length; ++i) {
            Case memory c = _cases[i];
            uint64 index = c.index;
            // All indexes of a small tree, the neighbours in a large one, and always those beyond the tree.
            for (uint64 other = 0; other < c.size + 3; ++other) {
                if (other == index || (c.size > 20 && other > index + 1 && other < c.size)) {
                    continue;
                }
                c.index = other;
                VM.assertFalse(_verify(c), "index");
            }
            c.index = type(uint64).max;
            VM.assertFalse(_verify(c), "largest index");
        }
    }

    function test_VerifyLeaf_RefusesEveryOtherSize() public {
        for (uint256 i = 0; i < _cases.length; ++i) {
            Case memory c = _cases[i];
            uint64 size = c.size;
            for (uint64 other = 0; other <= 20; ++other) {
                if (other != size) {
                    c.size = other;
                    VM.assertFalse(_verify(c), "small size");
                }
            }
            for (uint64 other = 254; other <= 258; ++other) {
                if (other != size) {
                    c.size = other;
                    VM.assertFalse(_verify(c), "large size");
                }
            }
            c.size = type(uint64).max;
            VM.assertFalse(_verify(c), "size without a root");
        }
    }

    function test_VerifyLeaf_RefusesEveryChangedSibling() public {
        for (uint256 i = 0; i < _cases.length; ++i) {
            for (uint256 j = 0; j < _cases[i].proof.length; ++j) {
                Case memory c = _cases[i];
                c.proof[j] ^= bytes32(uint256(1) << ((i + j) % 256));
                VM.assertFalse(_verify(c), "sibling");
            }
        }
    }

    function test_VerifyLeaf_RefusesSwappedSiblings() public {
        for (uint256 i = 0; i < _cases.length; ++i) {
            for (uint256 j = 1; j < _cases[i].proof.length; ++j) {
                Case memory c = _cases[i];
                (c.proof[j - 1], c.proof[j]) = (c.proof[j], c.proof[j - 1]);
                VM.assertFalse(_verify(c), "order");
            }
        }
    }

    function test_VerifyLeaf_RefusesTheWrongLength() public {
        for (uint256 i = 0; i < _cases.length; ++i) {
            Case memory c = _cases[i];
            bytes32[] memory proof = c.proof;
            for (uint256 length = 0; length < proof.length; ++length) {
                c.proof = _resized(proof, length);
                VM.assertFalse(_verify(c), "short");
            }
            c.proof = _resized(proof, proof.length + 1);
            VM.assertFalse(_verify(c), "one more");
            c.proof = _resized(proof, 100);
            VM.assertFalse(_verify(c), "longer than any path");
        }
    }

    function test_VerifyLeaf_RefusesAnInnerNodeAsALeaf() public {
        // The root of the tree of 2 is the left inner node of the tree of 4: with the rest of the path it would lead to
        // the root of 4, were the length of the path not checked.
        Case memory c;
        c.size = 4;
        c.leafHash = _registry.rootAt(2);
        c.proof = new bytes32[](1);
        c.proof[0] = _node(_leaf(2), _leaf(3));
        VM.assertEq(_node(c.leafHash, c.proof[0]), _registry.rootAt(4), "the path up is right");
        for (c.index = 0; c.index < 4; ++c.index) {
            VM.assertFalse(_verify(c), "inner node");
        }
    }

    function test_VerifyLeaf_RefusesSiblingsAboveTheRoot() public {
        // A publisher may anchor any root; even so a tree of one leaf has a path of no siblings.
        bytes32 root = _node(_leaf(0), _leaf(1));
        AnchorRegistry registry = new AnchorRegistry(bytes32(uint256(1)), address(0), address(this));
        registry.anchor(1, root);

        bytes32[] memory proof = new bytes32[](1);
        proof[0] = _leaf(0);
        VM.assertFalse(registry.verifyLeaf(_leaf(1), 0, 1, proof), "path too long");
        VM.assertTrue(registry.verifyLeaf(root, 0, 1, new bytes32[](0)), "what that root says");
    }

    function test_VerifyLeaf_RefusesTheZeroLeafWhereThereIsNoRoot() public {
        AnchorRegistry registry = new AnchorRegistry(bytes32(uint256(1)), address(0), address(this));
        VM.assertFalse(registry.verifyLeaf(bytes32(0), 0, 1, new bytes32[](0)), "zero is no root");
    }

    // ---- against the recursive definition of RFC 6962

    function testFuzz_VerifyLeaf_AcceptsWhatTheDefinitionProves(uint64 size, uint64 index) public {
        size = 1 + size % 600;
        index %= size;
        AnchorRegistry registry = new AnchorRegistry(bytes32(uint256(1)), address(0), address(this));
        registry.anchor(size, _root(0, size));

        VM.assertTrue(registry.verifyLeaf(_leaf(index), index, size, _path(index, 0, size)), "valid proof");
        VM.assertFalse(registry.verifyLeaf(_leaf(index + 1), index, size, _path(index, 0, size)), "another leaf");
    }

    function testFuzz_VerifyLeaf_NeverRevertsAndRefusesNoise(
        bytes32 root,
        bytes32 leafHash,
        uint64 index,
        uint64 size,
        bytes32[] calldata proof
    ) public {
        VM.assume(size != 0 && root != bytes32(0) && leafHash != root);
        AnchorRegistry registry = new AnchorRegistry(bytes32(uint256(1)), address(0), address(this));
        registry.anchor(size, root);

        VM.assertFalse(registry.verifyLeaf(leafHash, index, size, proof), "noise");
        VM.assertFalse(registry.verifyLeaf(leafHash, index, size - 1, proof), "no root");
        VM.assertFalse(registry.verifyLeaf(bytes32(0), 0, 0, proof), "empty tree");
    }

    function test_VerifyLeaf_TheLargestTreeHasAPathOf64() public {
        // A path up the left edge of a tree of 2^64-1 leaves, with made-up siblings and the root they lead to.
        bytes32[] memory proof = new bytes32[](64);
        bytes32 root = _leaf(0);
        for (uint256 i = 0; i < proof.length; ++i) {
            proof[i] = keccak256(abi.encode(i));
            root = _node(root, proof[i]);
        }
        _registry.anchor(type(uint64).max, root);

        VM.assertTrue(_registry.verifyLeaf(_leaf(0), 0, type(uint64).max, proof), "64 siblings");
        VM.assertFalse(_registry.verifyLeaf(_leaf(0), 0, type(uint64).max, _resized(proof, 65)), "65 siblings");
    }

    function _verify(Case memory c) private view returns (bool) {
        return _registry.verifyLeaf(c.leafHash, c.index, c.size, c.proof);
    }

    /// @dev The first `length` siblings; missing ones are zero.
    function _resized(bytes32[] memory proof, uint256 length) private pure returns (bytes32[] memory resized) {
        resized = new bytes32[](length);
        for (uint256 i = 0; i < length && i < proof.length; ++i) {
            resized[i] = proof[i];
        }
    }

    function _leaf(uint64 index) private pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x00), bytes1(0x01), index));
    }

    function _node(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x01), left, right));
    }

    /// @dev MTH of leaves [from, to), RFC 6962 section 2.1.
    function _root(uint64 from, uint64 to) private pure returns (bytes32) {
        if (to - from == 1) {
            return _leaf(from);
        }
        uint64 middle = from + _split(to - from);
        return _node(_root(from, middle), _root(middle, to));
    }

    /// @dev PATH of the leaf within leaves [from, to), RFC 6962 section 2.1.1.
    function _path(uint64 index, uint64 from, uint64 to) private pure returns (bytes32[] memory) {
        if (to - from == 1) {
            return new bytes32[](0);
        }
        uint64 middle = from + _split(to - from);
        bytes32[] memory below = index < middle ? _path(index, from, middle) : _path(index, middle, to);
        bytes32[] memory path = _resized(below, below.length + 1);
        path[below.length] = index < middle ? _root(middle, to) : _root(from, middle);
        return path;
    }

    /// @dev The largest power of two below `count`, which is 2 or more.
    function _split(uint64 count) private pure returns (uint64 k) {
        k = 1;
        while (k << 1 < count) {
            k <<= 1;
        }
    }
}
