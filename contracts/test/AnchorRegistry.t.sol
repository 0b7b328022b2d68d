// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AnchorRegistry} from "../src/AnchorRegistry.sol";
import {IAnchorRegistry} from "../src/IAnchorRegistry.sol";
import {VM, Vm} from "./Vm.sol";

contract AnchorRegistryTest {
    /// @dev Forge prints this event under its key.
    event log_named_uint(string key, uint256 val);

    bytes32 private constant ORIGIN_HASH = bytes32(uint256(0x0516));
    address private constant ADMIN = address(0xA0);
    address private constant PUBLISHER = address(0xB0);
    address private constant SUCCESSOR = address(0xC0);
    uint256 private constant GAS_LIMIT_PER_ANCHOR = 52_000;

    AnchorRegistry private _registry;

    function setUp() public {
        _registry = new AnchorRegistry(ORIGIN_HASH, ADMIN, PUBLISHER);
    }

    // ---- construction

    function test_Constructor_SetsWhatNeverChangesAndNoRoot() public {
        VM.assertEq(_registry.originHash(), ORIGIN_HASH, "originHash");
        VM.assertEq(_registry.admin(), ADMIN, "admin");
        VM.assertEq(_registry.publisher(), PUBLISHER, "publisher");
        VM.assertEq(_registry.pendingPublisher(), address(0), "pendingPublisher");
        _assertLatest(0, bytes32(0));
        VM.assertEq(_registry.rootAt(0), bytes32(0), "rootAt(0)");
    }

    function test_Constructor_EmitsPublisherTransferred() public {
        VM.recordLogs();
        new AnchorRegistry(ORIGIN_HASH, ADMIN, PUBLISHER);

        Vm.Log[] memory logs = VM.getRecordedLogs();
        VM.assertEq(logs.length, 1, "logs");
        VM.assertEq(logs[0].topics[0], IAnchorRegistry.PublisherTransferred.selector, "event");
        VM.assertEq(logs[0].topics[1], bytes32(0), "previous");
        VM.assertEq(logs[0].topics[2], _topic(PUBLISHER), "publisher");
    }

    function test_RevertWhen_ConstructedWithoutPublisher() public {
        VM.expectRevert(abi.encodeWithSelector(IAnchorRegistry.AnchorInvalidPublisher.selector, address(0)));
        new AnchorRegistry(ORIGIN_HASH, ADMIN, address(0));
    }

    // ---- anchor

    function test_Anchor_StoresRootAndEmits() public {
        VM.expectEmit(address(_registry));
        emit IAnchorRegistry.Anchored(7, bytes32(uint256(70)), PUBLISHER);
        _anchor(7, bytes32(uint256(70)));

        _assertLatest(7, bytes32(uint256(70)));
        VM.assertEq(_registry.rootAt(7), bytes32(uint256(70)), "rootAt(7)");
        VM.assertEq(_registry.publisher(), PUBLISHER, "publisher shares the slot and stays");
    }

    function test_Anchor_IndexesSizeRootAndPublisher() public {
        VM.recordLogs();
        _anchor(7, bytes32(uint256(70)));

        Vm.Log[] memory logs = VM.getRecordedLogs();
        VM.assertEq(logs.length, 1, "logs");
        VM.assertEq(logs[0].topics.length, 4, "topics");
        VM.assertEq(logs[0].topics[0], keccak256("Anchored(uint64,bytes32,address)"), "event");
        VM.assertEq(logs[0].topics[1], bytes32(uint256(7)), "size");
        VM.assertEq(logs[0].topics[2], bytes32(uint256(70)), "root");
        VM.assertEq(logs[0].topics[3], _topic(PUBLISHER), "publisher");
        VM.assertEq(logs[0].data.length, 0, "data");
    }

    function test_Anchor_TakesTheLargestSize() public {
        _anchor(type(uint64).max, bytes32(uint256(1)));
        _assertLatest(type(uint64).max, bytes32(uint256(1)));
    }

    function testFuzz_Anchor_EveryRootStaysReadable(uint64[] calldata steps, bytes32 seed) public {
        uint256 count = steps.length > 16 ? 16 : steps.length;
        uint64[] memory sizes = new uint64[](count);
        uint64 size = 0;
        for (uint256 i = 0; i < count; ++i) {
            size += 1 + steps[i] % (type(uint64).max / 17);
            sizes[i] = size;
            _anchor(size, keccak256(abi.encode(seed, size)));
            _assertLatest(size, keccak256(abi.encode(seed, size)));
        }
        for (uint256 i = 0; i < count; ++i) {
            VM.assertEq(_registry.rootAt(sizes[i]), keccak256(abi.encode(seed, sizes[i])), "rootAt");
        }
    }

    function testFuzz_Anchor_RepeatIsSilentAndChangesNothing(uint64 first, uint64 second, bytes32 root) public {
        VM.assume(first != 0 && second > first && root != bytes32(0));
        _anchor(first, root);
        bytes32 secondRoot = keccak256(abi.encode(root));
        _anchor(second, secondRoot);

        VM.recordLogs();
        _anchor(first, root);
        _anchor(second, secondRoot);

        VM.assertEq(VM.getRecordedLogs().length, 0, "logs");
        VM.assertEq(_registry.rootAt(first), root, "first root");
        _assertLatest(second, secondRoot);
    }

    function testFuzz_RevertWhen_CallerIsNotThePublisher(address caller, uint64 size, bytes32 root) public {
        VM.assume(caller != PUBLISHER);
        _anchor(10, bytes32(uint256(100)));

        VM.expectRevert(abi.encodeWithSelector(IAnchorRegistry.AnchorUnauthorizedPublisher.selector, caller));
        _anchorAs(caller, size, root);

        // Not even the no-op is for others.
        VM.expectRevert(abi.encodeWithSelector(IAnchorRegistry.AnchorUnauthorizedPublisher.selector, caller));
        _anchorAs(caller, 10, bytes32(uint256(100)));
    }

    function test_RevertWhen_AdminAnchors() public {
        VM.expectRevert(abi.encodeWithSelector(IAnchorRegistry.AnchorUnauthorizedPublisher.selector, ADMIN));
        _anchorAs(ADMIN, 1, bytes32(uint256(1)));
    }

    function test_RevertWhen_SizeIsZero() public {
        VM.expectRevert(abi.encodeWithSelector(IAnchorRegistry.AnchorInvalidSize.selector, 0));
        _anchor(0, bytes32(uint256(1)));
    }

    function test_RevertWhen_RootIsZero() public {
        VM.expectRevert(abi.encodeWithSelector(IAnchorRegistry.AnchorInvalidRoot.selector, bytes32(0)));
        _anchor(1, bytes32(0));

        // Below the latest size zero must not pass as "the root already stored".
        _anchor(5, bytes32(uint256(50)));
        VM.expectRevert(abi.encodeWithSelector(IAnchorRegistry.AnchorInvalidRoot.selector, bytes32(0)));
        _anchor(4, bytes32(0));
    }

    function testFuzz_RevertWhen_SizeIsNotLarger(uint64 latestSize, uint64 size, bytes32 root) public {
        VM.assume(size != 0 && size < latestSize && root != bytes32(0));
        _anchor(latestSize, root);

        VM.expectRevert(abi.encodeWithSelector(IAnchorRegistry.AnchorSizeNotLarger.selector, size, latestSize));
        _anchor(size, root);
    }

    function testFuzz_RevertWhen_RootDiffersUnderTheSameSize(uint64 size, bytes32 root, bytes32 other) public {
        VM.assume(size != 0 && size != type(uint64).max && root != bytes32(0) && other != bytes32(0) && root != other);
        _anchor(size, root);

        VM.expectRevert(abi.encodeWithSelector(IAnchorRegistry.AnchorRootMismatch.selector, size, root, other));
        _anchor(size, other);

        _anchor(size + 1, other);
        VM.expectRevert(abi.encodeWithSelector(IAnchorRegistry.AnchorRootMismatch.selector, size, root, other));
        _anchor(size, other);
        VM.assertEq(_registry.rootAt(size), root, "root");
    }

    // ---- change of publisher

    function test_Transfer_TakesTwoSteps() public {
        VM.expectEmit(address(_registry));
        emit IAnchorRegistry.PublisherTransferStarted(PUBLISHER, SUCCESSOR);
        VM.prank(ADMIN);
        _registry.transferPublisher(SUCCESSOR);

        VM.assertEq(_registry.publisher(), PUBLISHER, "not yet");
        VM.assertEq(_registry.pendingPublisher(), SUCCESSOR, "pending");
        _anchor(1, bytes32(uint256(1)));
        VM.expectRevert(abi.encodeWithSelector(IAnchorRegistry.AnchorUnauthorizedPublisher.selector, SUCCESSOR));
        _anchorAs(SUCCESSOR, 2, bytes32(uint256(2)));

        VM.expectEmit(address(_registry));
        emit IAnchorRegistry.PublisherTransferred(PUBLISHER, SUCCESSOR);
        VM.prank(SUCCESSOR);
        _registry.acceptPublisher();

        VM.assertEq(_registry.publisher(), SUCCESSOR, "publisher");
        VM.assertEq(_registry.pendingPublisher(), address(0), "nothing pending");
        _assertLatest(1, bytes32(uint256(1)));
        _anchorAs(SUCCESSOR, 2, bytes32(uint256(2)));
        VM.expectRevert(abi.encodeWithSelector(IAnchorRegistry.AnchorUnauthorizedPublisher.selector, PUBLISHER));
        _anchor(3, bytes32(uint256(3)));
    }

    function test_Transfer_ZeroWithdraws() public {
        VM.prank(ADMIN);
        _registry.transferPublisher(SUCCESSOR);

        VM.expectEmit(address(_registry));
        emit IAnchorRegistry.PublisherTransferStarted(PUBLISHER, address(0));
        VM.prank(ADMIN);
        _registry.transferPublisher(address(0));

        VM.expectRevert(abi.encodeWithSelector(IAnchorRegistry.AnchorUnauthorizedPendingPublisher.selector, SUCCESSOR));
        VM.prank(SUCCESSOR);
        _registry.acceptPublisher();
        VM.assertEq(_registry.publisher(), PUBLISHER, "publisher");
    }

    function testFuzz_Transfer_LastNameCounts(address first, address second) public {
        VM.assume(first != address(0) && second != address(0) && first != second);
        VM.prank(ADMIN);
        _registry.transferPublisher(first);
        VM.prank(ADMIN);
        _registry.transferPublisher(second);

        VM.expectRevert(abi.encodeWithSelector(IAnchorRegistry.AnchorUnauthorizedPendingPublisher.selector, first));
        VM.prank(first);
        _registry.acceptPublisher();

        VM.prank(second);
        _registry.acceptPublisher();
        VM.assertEq(_registry.publisher(), second, "publisher");
    }

    function test_RevertWhen_AcceptedTwice() public {
        VM.prank(ADMIN);
        _registry.transferPublisher(SUCCESSOR);
        VM.prank(SUCCESSOR);
        _registry.acceptPublisher();

        VM.expectRevert(abi.encodeWithSelector(IAnchorRegistry.AnchorUnauthorizedPendingPublisher.selector, SUCCESSOR));
        VM.prank(SUCCESSOR);
        _registry.acceptPublisher();
    }

    function testFuzz_RevertWhen_TransferIsNotByTheAdmin(address caller, address named) public {
        VM.assume(caller != ADMIN);
        VM.expectRevert(abi.encodeWithSelector(IAnchorRegistry.AnchorUnauthorizedAdmin.selector, caller));
        VM.prank(caller);
        _registry.transferPublisher(named);
    }

    function testFuzz_RevertWhen_AcceptedByAnother(address caller) public {
        VM.assume(caller != SUCCESSOR);
        VM.prank(ADMIN);
        _registry.transferPublisher(SUCCESSOR);

        VM.expectRevert(abi.encodeWithSelector(IAnchorRegistry.AnchorUnauthorizedPendingPublisher.selector, caller));
        VM.prank(caller);
        _registry.acceptPublisher();
    }

    function testFuzz_RevertWhen_ThereIsNoAdmin(address caller, address named) public {
        VM.assume(caller != address(0));
        AnchorRegistry registry = new AnchorRegistry(ORIGIN_HASH, address(0), PUBLISHER);

        VM.expectRevert(abi.encodeWithSelector(IAnchorRegistry.AnchorUnauthorizedAdmin.selector, caller));
        VM.prank(caller);
        registry.transferPublisher(named);
    }

    // ---- gas, with each call as a transaction of its own: 21,000, calldata and execution

    /// forge-config: default.isolate = true
    function test_Gas_AnchorWithItsRootKept() public {
        // Hash-like roots and a size of four bytes, so that calldata costs what it will cost.
        uint256 first = _gasOfAnchor(0x01000001);
        uint256 second = _gasOfAnchor(0x01000101);
        uint256 third = _gasOfAnchor(0x01000201);
        uint256 repeated = _gasOfAnchor(0x01000201);

        emit log_named_uint("gas of the first anchor", first);
        emit log_named_uint("gas of the second anchor", second);
        emit log_named_uint("gas of the third anchor", third);
        emit log_named_uint("gas of a repeated anchor", repeated);

        VM.assertLe(21_000 + 20_000, first, "the measurement includes the transaction and a new slot");
        VM.assertLe(first, GAS_LIMIT_PER_ANCHOR, "first");
        VM.assertLe(second, GAS_LIMIT_PER_ANCHOR, "second");
        VM.assertLe(third, GAS_LIMIT_PER_ANCHOR, "third");
    }

    function _gasOfAnchor(uint64 size) private returns (uint256) {
        _anchor(size, keccak256(abi.encode(size)));
        return VM.lastCallGas().gasTotalUsed;
    }

    function _anchor(uint64 size, bytes32 root) private {
        _anchorAs(PUBLISHER, size, root);
    }

    function _anchorAs(address caller, uint64 size, bytes32 root) private {
        VM.prank(caller);
        _registry.anchor(size, root);
    }

    function _assertLatest(uint64 expectedSize, bytes32 expectedRoot) private {
        (uint64 size, bytes32 root) = _registry.latest();
        VM.assertEq(size, expectedSize, "latest size");
        VM.assertEq(root, expectedRoot, "latest root");
    }

    function _topic(address account) private pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }
}
