// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AnchorRegistry} from "../src/AnchorRegistry.sol";
import {VM} from "./Vm.sol";

/// @notice Plays random calls by all parties against one registry and keeps its own record of what must be stored.
contract AnchorRegistryHandler {
    struct Stored {
        uint64 size;
        bytes32 root;
    }

    address public constant ADMIN = address(0xA0);

    AnchorRegistry public immutable registry;

    /// @notice The publisher by the handler's own account.
    address public publisher = address(0xB0);
    address public pendingPublisher;

    /// @notice What somebody achieved without the right to it; empty as long as all is well.
    string public violation;

    Stored[] private _stored;
    address[4] private _accounts = [ADMIN, address(0xB0), address(0xC0), address(0xD0)];

    constructor() {
        registry = new AnchorRegistry(bytes32(uint256(1)), ADMIN, publisher);
    }

    function stored() external view returns (Stored[] memory) {
        return _stored;
    }

    function anchorLarger(uint64 step, bytes32 root) external {
        (uint64 size,) = registry.latest();
        size += 1 + step % 1_000_000;
        root = root == bytes32(0) ? bytes32(uint256(1)) : root;

        VM.prank(publisher);
        registry.anchor(size, root);
        _stored.push(Stored(size, root));
    }

    function repeat(uint256 choice) external {
        if (_stored.length == 0) {
            return;
        }
        Stored memory again = _stored[choice % _stored.length];
        VM.prank(publisher);
        registry.anchor(again.size, again.root);
    }

    function replace(uint256 choice, bytes32 root) external {
        if (_stored.length == 0 || root == _stored[choice % _stored.length].root) {
            return;
        }
        uint64 size = _stored[choice % _stored.length].size;
        VM.prank(publisher);
        try registry.anchor(size, root) {
            violation = "a root was replaced";
        } catch {}
    }

    function anchorNotLarger(uint64 size, bytes32 root) external {
        (uint64 latestSize,) = registry.latest();
        size = latestSize == 0 ? 0 : size % latestSize;
        if (registry.rootAt(size) == root && root != bytes32(0)) {
            return;
        }
        VM.prank(publisher);
        try registry.anchor(size, root) {
            violation = "a size below the latest was stored";
        } catch {}
    }

    /// @dev Sizes and roots that the publisher could have stored, by everybody else.
    function anchorAsAnother(uint256 who, uint64 step, bytes32 root) external {
        address caller = _accounts[who % _accounts.length];
        if (caller == publisher) {
            return;
        }
        (uint64 size,) = registry.latest();
        size += 1 + step % 1_000_000;
        VM.prank(caller);
        try registry.anchor(size, root) {
            violation = caller == ADMIN ? "the admin anchored" : "a stranger anchored";
        } catch {}
    }

    /// @dev The admin's own account is never named: the same person in two roles would blur "the admin cannot store".
    function transferPublisher(uint256 who) external {
        address named = who % 4 == 0 ? address(0) : _accounts[who % 4];
        VM.prank(ADMIN);
        registry.transferPublisher(named);
        pendingPublisher = named;
    }

    function transferAsAnother(uint256 who, address named) external {
        address caller = _accounts[1 + who % 3];
        VM.prank(caller);
        try registry.transferPublisher(named) {
            violation = "a publisher was named by another than the admin";
        } catch {}
    }

    function accept(uint256 who) external {
        address caller = _accounts[who % _accounts.length];
        VM.prank(caller);
        try registry.acceptPublisher() {
            if (caller != pendingPublisher) {
                violation = "another than the named account became publisher";
            }
            publisher = caller;
            pendingPublisher = address(0);
        } catch {
            if (caller == pendingPublisher) {
                violation = "the named account was refused";
            }
        }
    }
}
