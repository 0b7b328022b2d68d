// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AnchorRegistry} from "../src/AnchorRegistry.sol";
import {AnchorRegistryHandler} from "./AnchorRegistryHandler.sol";
import {VM} from "./Vm.sol";

contract AnchorRegistryInvariants {
    AnchorRegistryHandler private _handler;
    AnchorRegistry private _registry;

    function setUp() public {
        _handler = new AnchorRegistryHandler();
        _registry = _handler.registry();
    }

    /// @dev Forge reads from here which contracts to call at random.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function invariant_LatestIsTheLastStoredAndSizesOnlyGrow() public {
        AnchorRegistryHandler.Stored[] memory stored = _handler.stored();
        for (uint256 i = 1; i < stored.length; ++i) {
            VM.assertTrue(stored[i].size > stored[i - 1].size, "sizes grow");
        }

        (uint64 size, bytes32 root) = _registry.latest();
        VM.assertEq(size, stored.length == 0 ? 0 : stored[stored.length - 1].size, "latest size");
        VM.assertEq(root, stored.length == 0 ? bytes32(0) : stored[stored.length - 1].root, "latest root");
    }

    function invariant_StoredRootsNeverChange() public {
        AnchorRegistryHandler.Stored[] memory stored = _handler.stored();
        for (uint256 i = 0; i < stored.length; ++i) {
            VM.assertEq(_registry.rootAt(stored[i].size), stored[i].root, "root");
        }
    }

    function invariant_NobodyGoesBeyondTheirRole() public {
        VM.assertEq(bytes(_handler.violation()).length, 0, _handler.violation());
    }

    function invariant_PublisherChangesOnlyInTwoSteps() public {
        VM.assertEq(_registry.publisher(), _handler.publisher(), "publisher");
        VM.assertEq(_registry.pendingPublisher(), _handler.pendingPublisher(), "pending");
        VM.assertEq(_registry.admin(), _handler.ADMIN(), "admin");
    }
}
