<?php
// One page. It knows the server's variables, and nothing of OpenID Connect.
// Served by PHP itself: php -S 127.0.0.1:PORT php_application.php
$list = fn(string $name) => array_map('rawurldecode', array_filter(explode(',', $_SERVER[$name] ?? ''), 'strlen'));
$user = $_SERVER['HTTP_X_FORWARDED_USER'] ?? null;
$roles = $list('HTTP_X_ROLES');
if ($user === null) {
    echo '<a href="/sign-in">Sign in</a>';
} elseif (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) === '/me') {
    header('Content-Type: application/json');
    $organizations = $list('HTTP_X_ORGANIZATIONS');
    echo json_encode(['user' => $user, 'roles' => $roles, 'organizations' => $organizations]);
} else {
    $may = in_array('writer', $roles, true) ? 'You may write.' : 'You may read.';
    echo "<p>Hello, $user. $may</p><a href=\"/sign-out\">Sign out</a>";
}
